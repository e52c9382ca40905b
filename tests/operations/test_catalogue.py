"""The contract of every operation: names, fields, and what its script may touch on Windows."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
from operations.reviewed import RENDERED, TEMPLATES, own_lines, whole_script
from operations.samples import SAMPLES
from syntax import Command, Syntax, parse

from psrebind.operations import names, operation, render
from psrebind.templates import Library

FACTS = json.loads((Path(__file__).parents[1] / "data" / "windows_commands.json").read_text())
# Modules of the engine itself are those of WMF 5.1 on every release that psrebind claims.
CLAIMED = ("2016", "2019", "2022", "2025")
OLDEST = ("2012R2", "2012R2+WMF5.1")
FRAME_NAMES = {"operation", "modules", "changes", "changing", "reading", "steps", "secrets"}

READING_VERBS = {"Get", "Test", "Where", "ForEach", "Sort", "Select", "ConvertTo", "ConvertFrom"}
# By name, since their verbs change things in other hands.
READING_COMMANDS = {
    "Export-ScheduledTask",
    "Invoke-Native",
    # Values of the few types in NEW_OBJECTS.
    "New-Object",
    "Out-Null",
    "Write-Warning",
}
STATIC_MEMBERS = {
    ("System.Convert", "ToBase64String"),
    ("System.Security.Principal.WindowsBuiltInRole", "Administrator"),
    ("System.Security.Principal.WindowsIdentity", "GetCurrent"),
    ("System.StringComparer", "Ordinal"),
    ("array", "Sort"),
    ("string", "Equals"),
    # of the classes that open a certificate's key, by a variable: their names are long
    ("", "GetECDsaPrivateKey"),
    ("", "GetRSAPrivateKey"),
}
INSTANCE_METHODS = {
    "AddSslCertificate",
    "Dispose",
    "GetEnumerator",
    "IsInRole",
    "ReleaseMutex",
    "Substring",
    "ToString",
    "ToUniversalTime",
    "WaitOne",
    # of an event, a text, and the XML of a task
    "Contains",
    "ContainsKey",
    "GetAttribute",
    "HasAttribute",
    "StartsWith",
    "ToLowerInvariant",
    "ToUpperInvariant",
    "ToXml",
    "Trim",
    "get_Attributes",
    "get_ChildNodes",
    "get_DocumentElement",
    "get_InnerText",
    "get_LocalName",
    "get_Prefix",
    "get_Value",
}
# Casts to [int] of what is one: a letter, a line, an exit status, a build.
SIGNED = {
    "[int]$LASTEXITCODE",
    "[int]$character",
    "[int]$place.ScriptLineNumber",
    "[int](Get-RegistryValue",
    "[int]$memory['step']",
}
CHANGING_METHODS = {"AddSslCertificate"}
NEW_OBJECTS = {
    "System.Management.Automation.ErrorDetails",
    "System.Security.Principal.WindowsPrincipal",
    "System.Threading.Mutex",
}
# program: the words it may be given first, and whether that changes anything
PROGRAMS = {
    "whoami.exe": {("/priv",): False},
    "wevtutil.exe": {("qe",): False, ("sl",): True},
    "appcmd.exe": {("renew", "binding"): True},
    "netsh.exe": {
        ("http", "update", "sslcert"): True,
        ("http", "delete", "sslcert"): True,
        ("http", "add", "sslcert"): True,
    },
}


@pytest.fixture(scope="module")
def sources(pwsh: Path) -> dict[str, Syntax]:
    """Every template as it stands in its file."""
    return parse(pwsh, {path.name: path.read_text() for path in TEMPLATES.glob("*.j2")})


@pytest.fixture(scope="module")
def rendered(pwsh: Path) -> dict[str, Syntax]:
    """Every operation's script as a host would get it."""
    return parse(pwsh, {name: render([sample]).text for name, sample in SAMPLES.items()})


def test_no_orphans() -> None:
    """Template, module, sample and the script kept for review exist under the same names."""
    kept = sorted(path.stem for path in RENDERED.iterdir())
    assert list(names()) == Library().names() == sorted(SAMPLES) == kept


@pytest.mark.parametrize("name", names())
def test_fields_are_variables(name: str) -> None:
    """A template assigns the dataclass's fields, all of them, under names that no frame uses."""
    variables = Library().template(name).variables
    assert sorted(variables) == sorted(field.name for field in fields(operation(name)))
    assert not FRAME_NAMES & set(variables)


@pytest.mark.parametrize("name", names())
def test_the_sentence_is_one(name: str) -> None:
    """Template, module and class say the same in one sentence."""
    kind = operation(name)
    synopsis = Library().template(name).synopsis
    first = (kind.__doc__ or "").split("\n\n")[0]
    module = import_module(kind.__module__).__doc__ or ""
    assert synopsis == first.strip() == module.split("\n\n")[0].strip()
    assert synopsis.endswith(".")


@pytest.mark.parametrize("name", names())
def test_a_change_reports_before_and_after(name: str) -> None:
    """Each row of a change has what was, what is, and whether it changed."""
    kind = operation(name)
    if kind.effect == "change":
        assert {"before", "after", "changed"} <= {one.name for one in fields(kind.row_type())}


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.j2")), ids=lambda path: path.name)
def test_an_operation_is_short(path: Path) -> None:
    """A template of an operation has at most 80 lines of at most 100 characters."""
    lines = path.read_text().splitlines()
    assert max(len(line) for line in lines) <= 100
    assert path.name.startswith("_") or len(lines) <= 80


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.j2")), ids=lambda path: path.name)
def test_nothing_of_windows_is_a_signed_number(path: Path) -> None:
    """What Windows counts without a sign does not fit into [int]; what is cast to it does."""
    found = set(re.findall(r"\[int\][^\s,;]+", path.read_text()))
    assert found <= SIGNED


@pytest.mark.parametrize("name", names())
def test_the_reviewed_script(name: str, request: pytest.FixtureRequest) -> None:
    """The script as the host gets it is the one kept for review (--write-rendered renews it)."""
    script = render([SAMPLES[name]])
    kept = RENDERED / f"{name}.ps1"
    if request.config.getoption("--write-rendered"):
        kept.write_text(own_lines(script))
    assert script.text.isascii()
    assert whole_script(kept.read_text()) == script.text


@pytest.mark.engine
def test_sources_and_scripts_parse(sources: dict[str, Syntax], rendered: dict[str, Syntax]) -> None:
    """Unrendered and rendered, every script is PowerShell that 5.1 and 4.0 parse."""
    for name, syntax in (sources | rendered).items():
        assert (name, syntax.errors, syntax.later, syntax.five) == (name, (), (), ())


@pytest.mark.engine
def test_pieces_hold_functions_only(sources: dict[str, Syntax]) -> None:
    """A shared piece defines functions and runs nothing of its own accord."""
    for name, syntax in sources.items():
        if name.startswith("_") and name not in ("_envelope.ps1.j2", "_body.ps1.j2"):
            text = (TEMPLATES / name).read_text().split("#>", 1)[1]
            outside = [
                line for line in text.splitlines() if line and not line.startswith((" ", "#"))
            ]
            assert syntax.functions
            assert all(line.startswith(("function ", "}")) for line in outside), name


@pytest.mark.engine
@pytest.mark.parametrize("name", names())
def test_commands_exist_on_every_windows_claimed(name: str, rendered: dict[str, Syntax]) -> None:
    """Each command and parameter is in the catalogue for 2012 R2 with WMF 5.1 up to 2025."""
    syntax = rendered[name]
    for command in syntax.commands:
        if command.name and command.name not in syntax.functions:
            assert command.name in FACTS["commands"], command
            facts = FACTS["commands"][command.name]
            assert set(CLAIMED) <= set(facts["available"]), command
            assert set(OLDEST) & set(facts["available"]), command
            known = {one.lower() for one in [*facts["parameters"], *FACTS["common_parameters"]]}
            splatted = (key for name in command.splats for key in syntax.tables[name.strip("@$")])
            given = {one.lower() for one in (*command.parameters, *splatted)}
            assert given <= known, command


@pytest.mark.engine
@pytest.mark.parametrize("name", names())
def test_members_are_on_the_short_list(name: str, rendered: dict[str, Syntax]) -> None:
    """No .NET member is touched that the lab cannot stand for and nobody has looked at."""
    for member in rendered[name].members:
        if member.static:
            assert (member.type, member.name) in STATIC_MEMBERS, member
        elif member.invoked:
            assert member.name in INSTANCE_METHODS, member


@pytest.mark.engine
@pytest.mark.parametrize("name", names())
def test_native_programs_are_in_the_table(name: str, rendered: dict[str, Syntax]) -> None:
    """Each native program is called through Invoke-Native with words that the table knows."""
    for line, words in native_calls(rendered[name], render([SAMPLES[name]]).text):
        assert any(words[: len(known)] == known for known in PROGRAMS[program(line)]), line


@pytest.mark.engine
@pytest.mark.parametrize("name", [n for n in names() if operation(n).effect == "query"])
def test_a_query_only_reads(name: str, rendered: dict[str, Syntax]) -> None:
    """A query's own commands have reading verbs, its members and programs change nothing."""
    syntax = rendered[name]
    own = body_lines(render([SAMPLES[name]]).text)
    for command in syntax.commands:
        if command.line in own and command.name:
            verb = command.name.partition("-")[0]
            assert verb in READING_VERBS or command.name in READING_COMMANDS, command
    assert not CHANGING_METHODS & {one.name for one in syntax.members if one.line in own}
    for line, words in native_calls(syntax, render([SAMPLES[name]]).text, own):
        assert not any(
            changes
            for known, changes in PROGRAMS[program(line)].items()
            if words[: len(known)] == known
        ), line


@pytest.mark.engine
@pytest.mark.parametrize("name", names())
def test_nothing_that_looks_like_an_attack(name: str, rendered: dict[str, Syntax]) -> None:
    """No Invoke-Expression, Add-Type, P/Invoke or object beyond the table is made."""
    commands = [one for one in rendered[name].commands if one.name]
    assert not {"Invoke-Expression", "Add-Type", "iex"} & {one.name for one in commands}
    made = [one for one in commands if one.name == "New-Object"]
    assert {constant for one in made for constant in one.constants} <= NEW_OBJECTS | {
        "Global\\psrebind"
    }
    dynamic = {one.head for one in rendered[name].commands if not one.name}
    assert dynamic <= {"$Body", "$Program", "{"} | {head for head in dynamic if "\n" in head}


def body_lines(text: str) -> set[int]:
    """The lines of a script that are the operation's own, frame and shared pieces left out."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("$Operation ="))
    last = next(number for number, line in enumerate(lines) if line.startswith("} finally {"))
    return set(range(first + 5, last + 1))


def native_calls(
    syntax: Syntax, text: str, lines: set[int] | None = None
) -> list[tuple[str, tuple[str, ...]]]:
    """Each call of Invoke-Native: its source line and the constant words of its arguments."""
    source = text.splitlines()
    return [
        (
            source[call.line - 1],
            # The words may stand on the line below; what is computed is no constant.
            tuple(
                one.value
                for one in syntax.texts
                if one.kind == "SingleQuoted" and 0 <= one.line - call.line <= 1
            ),
        )
        for call in syntax.commands
        if call.name == "Invoke-Native" and (lines is None or call.line in lines)
    ]


def program(line: str) -> str:
    """The program that a call of Invoke-Native names; $netsh stands for netsh.exe."""
    return next(
        name for name in PROGRAMS if name in line or f"${name.removesuffix('.exe')}" in line
    )


def test_the_program_of_a_line_is_found() -> None:
    """The helper above names the program of a call, by its path or its variable."""
    assert program('Invoke-Native "$env:SystemRoot\\System32\\whoami.exe" @(') == "whoami.exe"
    assert program("Invoke-Native $netsh @('http'") == "netsh.exe"
    assert Command.__dataclass_fields__.keys() >= {"name", "parameters"}
