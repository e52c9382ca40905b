"""Templates: the closed grammar, the search path, front matter, and what a rendered script is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from psrebind.errors import ParameterError, TemplateError
from psrebind.model import Secret
from psrebind.templates import Call, Library

NAME = "say_name"


def library(folder: Path, text: str, name: str = NAME) -> Library:
    """A library whose user's folder has one template."""
    (folder / f"{name}.ps1.j2").write_bytes(text.encode("utf-8"))
    return Library([folder])


def render(found: Library, **values: Any) -> str:
    """Render the one template as a query."""
    return found.render([Call(NAME, values, changes=False)]).text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("$Name = '{{ name }}'", "alone on its line"),
        ("$Name = {{ name }} # and more", "alone on its line"),
        (" $Name = {{ name }}", "alone on its line"),
        ("$Name = {{ name|upper }}", "alone on its line"),
        ("$Name = {{ name }}; throw", "alone on its line"),
        ("{{ name }}", "alone on its line"),
        ("{{ body }}", "alone on its line"),
        ("{% if name %}", "alone on its line"),
        ("{% for x in name %}", "alone on its line"),
        ("{% set x = 1 %}", "alone on its line"),
        ("{% raw %}", "alone on its line"),
        ('{% include "get_host.ps1.j2" %}', "alone on its line"),
        ("{# comment #}", "alone on its line"),
        ("$name = {{ name }}", "alone on its line"),
        ("$Other = {{ name }}", "must be named after"),
        ("'Straße'", "only ASCII"),
        ("'\x1b[2J'", "the control character 0x1b"),
        ("'\x07'", "the control character 0x07"),
        ("'a'\r'b'", "the control character 0x0d"),
    ],
)
def test_other_grammar_is_refused(tmp_path: Path, line: str, said: str) -> None:
    """Anything but an assignment or an include of a piece is refused with its line."""
    found = library(tmp_path, f"# first\n{line}\n")
    with pytest.raises(TemplateError, match=said) as caught:
        found.template(NAME)
    assert (caught.value.template, caught.value.line) == (NAME, 2)


def test_a_value_becomes_a_literal(tmp_path: Path) -> None:
    """A value stands in the script as a literal, whatever it holds."""
    text = render(library(tmp_path, "$Name = {{ name }}\n$Name\n"), name="it's $(1) ß")
    assert "\n$Name = ('it''s $(1) ' + [char]0x00DF)\n" in text


def test_a_script_is_ascii(tmp_path: Path) -> None:
    """No character of a code page gets into a script."""
    assert render(library(tmp_path, "$Name = {{ name }}\n"), name="Кириллица \u2019").isascii()


@pytest.mark.parametrize("values", [{}, {"name": 1, "more": 2}, {"other": 1}])
def test_values_and_variables_must_agree(tmp_path: Path, values: dict[str, Any]) -> None:
    """A missing or unexpected value is refused before anything is rendered."""
    with pytest.raises(ParameterError, match="unexpected or missing"):
        render(library(tmp_path, "$Name = {{ name }}\n"), **values)


def test_a_value_that_cannot_be_written_names_its_operation(tmp_path: Path) -> None:
    """A value of a foreign type is refused with the operation's name."""
    with pytest.raises(ParameterError, match="say_name: a value of type object"):
        render(library(tmp_path, "$Name = {{ name }}\n"), name=object())


def test_a_secret_is_referred_to_and_never_rendered(tmp_path: Path) -> None:
    """A secret travels beside the script; the text has only the key it is found by."""
    found = library(tmp_path, "$Name = {{ name }}\n")
    script = found.render([Call(NAME, {"name": Secret("pa55w0rd")}, changes=False)])
    assert "pa55w0rd" not in script.text
    assert "pa55w0rd" not in repr(script)
    assert "\n$Name = $Secrets['0.name']\n" in script.text
    assert script.secrets["0.name"].reveal() == "pa55w0rd"


def test_the_users_folder_comes_first(tmp_path: Path) -> None:
    """A user's copy of a template replaces the package's."""
    found = library(tmp_path, "'mine'\n", name="get_host")
    assert "'mine'" in found.render([Call("get_host", {}, changes=False)]).text


def test_a_users_folder_cannot_replace_the_frame(tmp_path: Path) -> None:
    """The frame and the shared pieces come from the package only."""
    (tmp_path / "_envelope.ps1.j2").write_text("'mine'\n")
    assert "'mine'" not in render(library(tmp_path, "'body'\n"))


def test_an_unknown_template_is_named(tmp_path: Path) -> None:
    """A template that does not exist is refused by its name."""
    with pytest.raises(TemplateError, match="get_nothing: there is no such template"):
        Library([tmp_path]).template("get_nothing")


def test_a_users_template_is_listed(tmp_path: Path) -> None:
    """The names of the user's folder stand among the package's, pieces left out."""
    names = library(tmp_path, "'x'\n").names()
    assert NAME in names
    assert "get_host" in names
    assert not [name for name in names if name.startswith("_")]


def test_requirements_leave_the_script(tmp_path: Path) -> None:
    """#Requires would stop the whole script; the envelope checks each body's modules instead."""
    found = library(tmp_path, "#Requires -Modules One, Two\n#Requires -Version 5.1\n\n'x'\n")
    text = render(found)
    assert "#Requires" not in text
    assert "\n$Modules = @('One', 'Two')\n" in text
    assert found.template(NAME).modules == ("One", "Two")


def test_a_piece_stands_once(tmp_path: Path) -> None:
    """Two bodies that include a piece share its functions."""
    found = library(tmp_path, "{% include \"_native.ps1.j2\" %}\n\n'x'\n")
    script = found.render([Call(NAME, {}, changes=False)] * 3)
    assert script.text.count("function Invoke-Native") == 1
    assert script.text.count("\n'x'\n") == 3


def test_each_line_knows_its_source(tmp_path: Path) -> None:
    """A line of the script leads back to the template and line it came from."""
    found = library(tmp_path, '# a\n{% include "_native.ps1.j2" %}\n$Name = {{ name }}\nthrow 1\n')
    script = found.render([Call(NAME, {"name": "x\ny"}, changes=False)])
    lines = script.text.splitlines()
    assert len(lines) == len(script.sources)
    assert script.place(lines.index("throw 1") + 1) == "say_name:4"
    assert script.place(1) == "_envelope:1"
    function = next(number for number, line in enumerate(lines) if "function Invoke-Nat" in line)
    assert script.place(function + 1).startswith("_native:")
    assert script.place(len(lines) + 1) == ""


def test_a_windows_line_end_is_a_line_end(tmp_path: Path) -> None:
    """A user's template saved on Windows keeps the grammar."""
    assert "\n$Name = 1\n" in render(library(tmp_path, "$Name = {{ name }}\r\n'x'\r\n"), name=1)
