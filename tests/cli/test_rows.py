"""Rows of many hosts: what streams, what waits, and that little is kept."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

import pytest

from psrebind.cli.options import Format
from psrebind.cli.output.rows import OneOfMany
from psrebind.cli.output.stream import PIECE, stream


@dataclass(frozen=True)
class Thing:
    """A row with a part that not every row has."""

    number: int
    part: dict[str, int]


class Kept:
    """Where text goes; counts how often."""

    def __init__(self) -> None:
        self.stream: TextIO = io.StringIO()
        self.pieces: list[str] = []

    def __call__(self, text: str) -> None:
        """Keep a piece."""
        self.pieces.append(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_host_is_written_before_the_next_one_comes(form: Format) -> None:
    """JSON streams: what a host answered is out when its rows were taken."""
    kept = Kept()
    with stream(form, kept) as rows:
        for number, host in enumerate(("web01", "web02")):
            OneOfMany(host, rows).show([Thing(number, {})])
            assert f'"{host}"' in kept.text


def test_a_table_comes_in_pieces() -> None:
    """However many rows there are, no more than a piece of them waits."""
    kept = Kept()
    with stream("table", kept) as rows:
        for number in range(PIECE):
            OneOfMany("web01", rows).show([Thing(number, {})])
        assert len(kept.pieces) == 1
        OneOfMany("web02", rows).show([Thing(0, {})])
        assert len(kept.pieces) == 1
    assert len(kept.pieces) == 2
    assert sum(line.startswith("web") for line in kept.text.splitlines()) == PIECE + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [({"site": "Shop"}, {"time": "now"}), ({"site": "Shop", "a": 1}, {"site": "Shop", "b": 2})],
)
def test_rows_with_other_columns_are_another_table(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """What is not alike does not stand in one table, also where the first columns are."""
    kept = Kept()
    with stream("table", kept) as rows:
        for row in (one, other, one):
            OneOfMany("web01", rows).show([row])
    assert [piece.splitlines()[0].split() for piece in kept.pieces] == [
        ["host", *one],
        ["host", *other],
    ]


def test_a_broken_row_stands_among_the_others() -> None:
    """A row that lacks columns, as an unreadable certificate does, needs no table of its own."""
    kept = Kept()
    whole, broken = {"store": "My", "names": "shop", "notes": ""}, {"store": "My", "notes": "odd"}
    with stream("table", kept) as rows:
        for row in (broken, whole, broken):
            OneOfMany("web01", rows).show([row])
    assert len(kept.pieces) == 1
    assert kept.text.count("odd") == 2


def test_csv_has_one_header_for_all() -> None:
    """A column of the last host alone is in the header, and no formula begins a cell."""
    kept = Kept()
    with stream("csv", kept) as rows:
        OneOfMany("web01", rows).show([Thing(1, {})])
        OneOfMany("=web02", rows).show([Thing(2, {"extra": 3})])
    first, second = csv.DictReader(io.StringIO(kept.text))
    assert first == {"host": "web01", "number": "1", "part.extra": ""}
    assert second == {"host": "'=web02", "number": "2", "part.extra": "3"}


@pytest.mark.parametrize(("form", "text"), [("json", "[]\n"), ("csv", ""), ("table", "")])
def test_nothing_is_still_whole(form: Format, text: str) -> None:
    """A run without a row ends as its form wants it."""
    kept = Kept()
    with stream(form, kept):
        pass
    assert kept.text == text


def test_json_is_whole_where_the_run_was_broken_off() -> None:
    """What was written until then can be read."""
    kept = Kept()
    with suppress(KeyboardInterrupt), stream("json", kept) as rows:
        OneOfMany("web01", rows).show([{"host": "itself", "number": 1}])
        raise KeyboardInterrupt
    assert json.loads(kept.text) == [{"host": "web01", "number": 1}]
