"""Rows as a table for a person, as wide as the terminal.

Off a terminal one record is one line, without rules, and nothing is cut: for grep and cut.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from textwrap import fill
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from psrebind.cli.output.appearance import current, has_color, paint, runs
from psrebind.cli.output.digits import ShortThumbprints, shorten
from psrebind.cli.output.values import cell, header

# A column with a longer cell than a thumbprint is prose: its lines may break between words.
_LONGEST_NAME = 45
# Narrower, a thumbprint in it would be torn.
_NARROWEST_PROSE = 44
_NARROWEST_LINE = 24
# How much of a certificate's or a site's name is left, one after the other, until a line fits.
_LENGTHS = (32, 24, 20, 16, 13, 10, 8)
_GAP = "  "
Cells = Sequence[Sequence[str]]


class Tables:
    """The tables of one output: the same thumbprint is as long in all of them."""

    def __init__(self) -> None:
        self._short = ShortThumbprints()

    def text(self, records: Sequence[Mapping[str, Any]], *, single: bool, stream: TextIO) -> str:
        """Flat records laid out, one a line; on a terminal, prose below its line or all upright
        where it is wide."""
        if not records:
            return ""
        names = header(records)
        # A column in which nobody has anything only takes room.
        told = [one for one in names if any(cell(record.get(one)) for record in records)] or names
        names = names if single else told
        short = {} if current().wide else self._short.shorten(records)
        lined = len(records) > 1 or not single

        def cells(longest: int | None = None) -> Cells:
            return [
                [_cell(record.get(name), short, longest) for name in names] for record in records
            ]

        if not stream.isatty():
            plain = _plain if lined else _plain_upright
            return plain(names, cells(), color=has_color(stream))
        console = _console(stream)
        if lined and (text := _fitting(names, cells, console)):
            return text
        rows = ((names, row) if single else _something(names, row) for row in cells())
        return "\n".join(_written(console, _upright(*row)) for row in rows)


def _cell(value: Any, short: Mapping[str, str], longest: int | None) -> str:
    if isinstance(value, str):
        return shorten(value, short, longest)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(shorten(one, short, longest) for one in value)
    return cell(value)


def _plain(names: Sequence[str], cells: Cells, *, color: bool) -> str:
    """The records without rules, columns by two spaces; a long cell pushes only its own line."""
    titles = [_title(name) for name in names]
    widths = [
        max(width for width in map(cell_len, (title, *column)) if width <= _LONGEST_NAME)
        for title, (_, column) in zip(titles, _columns(names, cells), strict=True)
    ]
    rows = [
        [
            _padded(name, text, width, color=color)
            for name, text, width in zip(names, row, widths, strict=True)
        ]
        for row in cells
    ]
    head = [
        _padded("", title, width, color=False) for title, width in zip(titles, widths, strict=True)
    ]
    return "".join(f"{_GAP.join(line).rstrip()}\n" for line in (head, *rows))


def _plain_upright(names: Sequence[str], cells: Cells, *, color: bool) -> str:
    """The cells of each record, one a line after its name."""
    width = max(cell_len(_title(name)) for name in names)
    records = (
        "".join(
            f"{_title(name):<{width}}{_GAP}{_padded(name, text, 0, color=color)}".rstrip() + "\n"
            for name, text in zip(names, row, strict=True)
        )
        for row in cells
    )
    return "\n".join(records)


def _padded(name: str, text: str, width: int, *, color: bool) -> str:
    told = "".join(paint(*run) for run in runs(name, text)) if color else text
    return told + " " * (width - cell_len(text))


def _fitting(names: Sequence[str], cells: Callable[[int | None], Cells], console: Console) -> str:
    """The records as lines of the terminal's width, whole if they can be; else nothing."""
    for trial, belows in _trials(names, cells):
        needed = {name: _needed(name, column) for name, column in _columns(names, trial)}
        for below in belows:
            if _fits([needed[name] for name in names if name not in below], console.width):
                return _laid_out(names, trial, below, console)
    return ""


def _trials(
    names: Sequence[str], cells: Callable[[int | None], Cells]
) -> Iterator[tuple[Cells, Iterable[set[str]]]]:
    """How records may be laid out, the best first: which cells, and which columns below them."""
    whole = cells(None)
    prose = {name for name, column in _columns(names, whole) if _is_prose(name, column)}
    yield whole, (set(), prose)
    for longest in _LENGTHS:
        yield cells(longest), (prose,)
    # Few columns below the line are better than many, and the last ones better than the first.
    others = [name for name in reversed(names[1:]) if name not in prose]
    yield (
        whole,
        (
            prose | set(more)
            for count in range(1, len(others) + 1)
            for more in combinations(others, count)
        ),
    )


def _fits(needed: Sequence[int], width: int) -> bool:
    return bool(needed) and sum(needed) + len(_GAP) * (len(needed) - 1) <= width


def _needed(name: str, column: Sequence[str]) -> int:
    """The least room of a column: prose may break its lines."""
    widest = max(map(cell_len, (_title(name), *column)))
    return _NARROWEST_PROSE if widest > _LONGEST_NAME else widest


def _something(names: Sequence[str], row: Sequence[str]) -> tuple[list[str], list[str]]:
    """The cells of a row that are not empty: of many rows each line counts."""
    kept = [(name, text) for name, text in zip(names, row, strict=True) if text]
    return [name for name, _ in kept], [text for _, text in kept]


def _laid_out(names: Sequence[str], cells: Cells, below: set[str], console: Console) -> str:
    """The records as lines, with some columns below their line."""
    kept = [at for at, name in enumerate(names) if name not in below]
    lines = _lines([names[at] for at in kept], [[row[at] for at in kept] for row in cells])
    written = _written(console, lines)
    if not below:
        return written
    head, rule, *rows = written.splitlines(keepends=True)
    told = [
        line
        + "".join(
            _below(name, text, console.width)
            for name, text in zip(names, row, strict=True)
            if name in below and text
        )
        for line, row in zip(rows, cells, strict=True)
    ]
    return "".join((head, rule, *told))


def _below(name: str, text: str, width: int) -> str:
    prefix = f"    {_title(name)}: "
    folded = fill(
        text, max(width, _NARROWEST_LINE), initial_indent=prefix, subsequent_indent="      "
    )
    return f"{folded}\n"


def _columns(names: Sequence[str], cells: Cells) -> Iterator[tuple[str, Sequence[str]]]:
    return zip(names, zip(*cells, strict=True), strict=True)


def _is_prose(name: str, column: Sequence[str]) -> bool:
    return max(map(cell_len, (_title(name), *column))) > _LONGEST_NAME


def _title(name: str) -> str:
    return name.replace("_", " ")


def _lines(names: Sequence[str], cells: Cells) -> Table:
    drawn = Table(
        box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 1, 0, 0)
    )
    for name, column in _columns(names, cells):
        prose = _is_prose(name, column)
        narrowest = _needed(name, column)
        drawn.add_column(_title(name), no_wrap=not prose, min_width=narrowest, overflow="fold")
    for row in cells:
        drawn.add_row(*map(_text, names, row))
    return drawn


def _upright(names: Sequence[str], row: Sequence[str]) -> Table:
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, text in zip(names, row, strict=True):
        drawn.add_row(_title(name), _text(name, text))
    return drawn


def _text(name: str, text: str) -> Text:
    return Text.assemble(*runs(name, text))


def _console(stream: TextIO) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        # None writes no code at all, nor those that are no colour.
        color_system="standard" if has_color(stream) else None,
        no_color=False,
        highlight=False,
        emoji=False,
    )


def _written(console: Console, drawn: Table) -> str:
    with console.capture() as captured:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
