"""Rows in four forms."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from psrebind.cli.output.rows import show
from psrebind.iis_model import Record, RecordKind
from psrebind.model import Thumbprint

PRINT = Thumbprint("ab" * 20)


@dataclass(frozen=True)
class Sample:
    """One row with a value of each kind."""

    name: str = "web01"
    count: int = -3
    good: bool = True
    when: datetime = datetime(2026, 1, 2, 4, tzinfo=timezone(timedelta(hours=1)))
    took: timedelta = timedelta(seconds=90)
    data: bytes = b"\x00\xff"
    kind: RecordKind = RecordKind.SNI
    thumbprint: Thumbprint = PRINT
    nothing: str | None = None
    names: tuple[str, ...] = ("a", "b")
    record: Record | None = field(
        default_factory=lambda: Record(RecordKind.IP, "0.0.0.0:443", PRINT, "My", None, {"X": 1})
    )


def printed(capsys: pytest.CaptureFixture[str], form: Any, *rows: object, **more: Any) -> str:
    """What a form of some rows is on stdout."""
    show(rows, form, **more)
    return capsys.readouterr().out


def test_json_has_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Times are UTC, durations seconds, bytes base64, enums their values."""
    (row,) = json.loads(printed(capsys, "json", Sample()))
    assert row["when"] == "2026-01-02T03:00:00Z"
    assert (row["took"], row["data"], row["kind"]) == (90.0, "AP8=", "hostnameport")
    assert (row["names"], row["nothing"]) == (["a", "b"], None)
    assert row["record"]["thumbprint"] == "AB" * 20


def test_jsonl_is_one_row_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line is one row, whatever is in it."""
    text = printed(capsys, "jsonl", {"name": "a\nb"}, {"name": "c\u2028d"})
    assert [json.loads(line)["name"] for line in text.splitlines()] == ["a\nb", "c\u2028d"]


def test_json_shows_hidden_characters_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    """A bidi mark never reaches the terminal raw, and the data stays the same."""
    text = printed(capsys, "json", {"name": "ü\u202e\x9b"})
    assert "\u202e" not in text
    assert "\x9b" not in text
    assert "ü" in text
    assert json.loads(text) == [{"name": "ü\u202e\x9b"}]


def test_csv_is_flat_with_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    """Parts of a row are columns of their own; a list is one cell."""
    (row,) = csv.DictReader(io.StringIO(printed(capsys, "csv", Sample())))
    assert row["record.endpoint"] == "0.0.0.0:443"
    assert row["record.values.X"] == "1"
    assert (row["names"], row["good"], row["nothing"]) == ("a; b", "true", "")
    assert "record" not in row


def test_csv_takes_rows_of_several_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    """The header has the columns of all rows, and each cell stands under its own."""
    found = list(csv.DictReader(io.StringIO(printed(capsys, "csv", {"a": 1}, {"b": 2}))))
    assert found == [{"a": "1", "b": ""}, {"a": "", "b": "2"}]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_csv_cells_are_no_formulas(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A host's text that a spreadsheet would calculate gets an apostrophe in front."""
    (row,) = csv.DictReader(io.StringIO(printed(capsys, "csv", {"name": text})))
    assert row["name"] == f"'{text}"


def test_csv_leaves_numbers_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A negative number is a number."""
    (row,) = csv.DictReader(io.StringIO(printed(capsys, "csv", Sample())))
    assert row["count"] == "-3"


def test_a_table_off_a_terminal_is_one_record_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """However long a cell is: nothing is cut or folded, no rule is drawn, no line is padded."""
    rows = [{"name": "x" * 300, "n": 1, "reason": "w " * 50}, {"name": "short", "n": 2}]
    text = printed(capsys, "table", *rows, short=lambda row: row)
    assert text == f"name   n  reason\n{'x' * 300}  1  {('w ' * 50).strip()}\nshort  2\n"


def test_columns_off_a_terminal_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """A letter that takes two columns counts as two, and two spaces are between columns."""
    rows = [{"name": "東京", "to": "a"}, {"name": "web01", "to": "b"}]
    assert printed(capsys, "table", *rows) == "name   to\n東京   a\nweb01  b\n"


def test_a_column_without_anything_in_it_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A table has the columns that some row has something in; JSON has them all."""
    rows = [{"name": "web01", "reason": None, "note": ""}, {"name": "web02", "reason": "x"}]
    short = printed(capsys, "table", *rows, short=lambda row: row)
    assert short.splitlines()[0].split() == ["name", "reason"]
    assert '"note"' in printed(capsys, "json", *rows)


def test_a_table_shows_rows_in_short(capsys: pytest.CaptureFixture[str]) -> None:
    """A table has what is chosen for it, in its order; the other forms have everything."""

    def short(row: Sample) -> dict[str, str]:
        return {"thumbprint": row.thumbprint, "called": row.name}

    lines = printed(capsys, "table", Sample(), short=short).splitlines()
    assert lines[0].split() == ["thumbprint", "called"]
    assert lines[1].split() == ["ABABABAB", "web01"]
    assert "0.0.0.0:443" in printed(capsys, "json", Sample(), short=short)


def test_a_table_takes_no_markup_from_a_host(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets, escape characters and emoji names are text."""
    rows = [{"name": "[red]x[/red] :smile: \x1b[31m"}, {"name": "y"}]
    assert "[red]x[/red] :smile: \\u001b[31m" in printed(capsys, "table", *rows)


def test_one_row_of_many_cells_stands_upright(capsys: pytest.CaptureFixture[str]) -> None:
    """A single row is one cell a line."""
    lines = printed(capsys, "table", Sample()).splitlines()
    assert lines[0].split() == ["name", "web01"]


@pytest.mark.parametrize(("form", "text"), [("json", "[]\n"), ("jsonl", ""), ("table", "")])
def test_no_rows(capsys: pytest.CaptureFixture[str], form: str, text: str) -> None:
    """Nothing is printed as nothing, and as an empty list in JSON."""
    assert printed(capsys, form) == text
