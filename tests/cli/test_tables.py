"""Tables: what a terminal of some width shows, what a pipe gets, and colour."""

from __future__ import annotations

import copy
import io
import re
from typing import Any

import pytest

from psrebind.cli.output.appearance import Appearance, Word, use_appearance
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import show
from psrebind.model import Thumbprint
from psrebind.phrase import name_certificate
from psrebind.problems import Problem, ProblemKind

PRINT = Thumbprint("ab" * 20)
OTHER = Thumbprint("AB" * 5 + "CD" * 15)


class Terminal(io.StringIO):
    """A stream that is a terminal; how wide it is, the environment says."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def printed(capsys: pytest.CaptureFixture[str], form: Any, *rows: object, **more: Any) -> str:
    """What a form of some rows is on stdout."""
    show(rows, form, **more)
    return capsys.readouterr().out


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int, *rows: Any) -> str:
    """What a terminal of a width shows of some rows."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    show(rows, "table", short=lambda row: row, stream=stream)
    return stream.getvalue()


@pytest.mark.parametrize(("width", "height"), [(200, 4), (90, 5), (60, 6)])
def test_a_table_fits_the_terminal(
    monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    """Prose breaks between words, and stands below its line where it is narrow; no name is cut."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    rows = [
        {"name": "web01", "thumbprint": str(PRINT), "reason": "one two three four five six " * 2},
        {"name": "web02", "thumbprint": str(PRINT), "reason": ""},
    ]
    stream = Terminal()
    show(rows, "table", stream=stream)
    lines = re.sub(r"\x1b\[\d*m", "", stream.getvalue()).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) == height
    assert stream.getvalue().count(PRINT) == 2


def test_columns_stand_below_where_a_line_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few columns as can be, the last ones first; an empty cell has no line."""
    monkeypatch.setenv("NO_COLOR", "1")
    rows = [
        {"name": "web01", "old": "A" * 40, "new": "B" * 40, "n": 1},
        {"name": "web02", "old": "A" * 40, "new": "", "n": 2},
    ]
    lines = on_terminal(monkeypatch, 60, *rows).splitlines()
    assert [line.split() for line in (lines[0], *lines[2:])] == [
        ["name", "old", "n"],
        ["web01", "A" * 40, "1"],
        ["new:", "B" * 40],
        ["web02", "A" * 40, "2"],
    ]


def test_rows_stand_upright_where_names_alone_are_too_wide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each cell has its line then, and an empty one has none."""
    rows = [{"name": "x" * 40, "reason": "why"}, {"name": "y" * 40, "reason": ""}]
    lines = on_terminal(monkeypatch, 38, *rows).splitlines()
    assert [line.split()[0] for line in lines if line[:1].strip()] == ["name", "reason", "name"]


def test_a_table_has_the_first_digits_of_thumbprints(capsys: pytest.CaptureFixture[str]) -> None:
    """Eight of them, and more where eight would name two; data has them whole."""
    rows = [{"old": PRINT, "all": (Thumbprint("9" * 40), PRINT)}, {"old": OTHER, "all": ()}]
    lines = printed(capsys, "table", *rows).splitlines()
    assert lines[1:] == ["ABABABABABA  99999999; ABABABABABA", "ABABABABABC"]
    for form in ("json", "jsonl", "csv"):
        assert printed(capsys, form, *rows).count(PRINT) == 2
    with use_appearance(Appearance(wide=True)):
        assert printed(capsys, "table", *rows).count(PRINT) == 2


@pytest.mark.parametrize(
    ("width", "name"), [(120, "certificate-for-www.example"), (43, "certificate-for…")]
)
def test_a_name_is_cut_before_a_line_is_given_up(
    monkeypatch: pytest.MonkeyPatch, width: int, name: str
) -> None:
    """A terminal that is too narrow has the certificate's digits whole, and one line a row."""
    phrase = name_certificate("certificate-for-www.example", PRINT)
    rows = [{"site": "Shop", "certificate": phrase, "problems": ["replaced"]}] * 2
    monkeypatch.setenv("NO_COLOR", "1")
    lines = on_terminal(monkeypatch, width, *rows).splitlines()
    assert len(lines) == 4
    assert f"{name} ABABABAB" in lines[2]
    assert max(map(len, lines)) <= width


def test_phrases_and_problems_can_be_copied() -> None:
    """As every value of a plan is where the state before is written."""
    phrase = name_certificate("www.example", PRINT)
    assert copy.deepcopy(phrase).parts == phrase.parts
    problem = Problem(ProblemKind.EXPIRED, "over")
    copied = copy.deepcopy(problem)
    assert (copied, copied.kind) == (problem, problem.kind)


def test_outcomes_are_coloured_by_what_they_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word of a cell by itself, and only in the columns that have outcomes."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    row = {"site": "failed", "outcome": "failed", "problems": ["expired", "replaced"]}
    text = on_terminal(monkeypatch, 100, row, row)
    assert "\x1b[1;31mfailed\x1b[0m" in text
    assert "\x1b[1;31mexpired\x1b[0m; \x1b[33mreplaced\x1b[0m" in text
    assert text.splitlines()[2].startswith("failed ")


@pytest.mark.parametrize(
    ("color", "variable", "coloured"),
    [
        ("auto", "", True),
        ("auto", "1", False),
        ("never", "", False),
        ("always", "1", True),
    ],
)
def test_colour_is_the_users_choice(
    monkeypatch: pytest.MonkeyPatch, color: Any, variable: str, coloured: bool
) -> None:
    """NO_COLOR is obeyed, an option more so; without colour there is no code at all."""
    monkeypatch.setenv("NO_COLOR", variable)
    with use_appearance(Appearance(color)):
        text = on_terminal(monkeypatch, 100, {"outcome": "failed"}, {"outcome": "done"})
    assert ("\x1b" in text) is coloured


@pytest.mark.parametrize("alone", [True, False])
def test_a_pipe_has_colour_only_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], alone: bool
) -> None:
    """Codes around words take no room in their columns."""
    row = {"outcome": "failed", "n": 1}
    short = None if alone else dict
    plain = printed(capsys, "table", row, short=short)
    assert "\x1b" not in plain
    with use_appearance(Appearance("always")):
        text = printed(capsys, "table", row, short=short)
    assert "\x1b[1;31mfailed\x1b[0m" in text
    assert re.sub(r"\x1b\[[\d;]*m", "", text) == plain


def test_a_message_has_colour_where_a_terminal_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The words that say what became of hosts are coloured as those of tables."""
    with use_appearance(Appearance("always")):
        tell("2 hosts ", Word("unreachable"), ": \x1b[2J")
    assert capsys.readouterr().err == (
        "psrebind: 2 hosts \x1b[1;31munreachable\x1b[0m: \\u001b[2J\n"
    )
    tell("2 hosts ", Word("unreachable"))
    assert capsys.readouterr().err == "psrebind: 2 hosts unreachable\n"
