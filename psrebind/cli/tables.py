"""Rows as a table for a person. Knows the terminal's width; nothing of what the rows mean.

Off a terminal no line is folded: what greps for a thumbprint finds it whole.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from psrebind.cli.output import cell, header

_UNLIMITED = 10_000
# A column with a longer cell than a thumbprint is prose: its lines may break between words.
_LONGEST_NAME = 45
_NARROWEST_PROSE = 24


def table(records: Sequence[Mapping[str, Any]], *, alone: bool, stream: TextIO) -> str:
    """Lay flat records out, one a line; prose below its line, or all upright, where it is wide."""
    if not records:
        return ""
    names = header(records)
    # A column in which nobody has anything only takes room.
    told = [name for name in names if any(cell(record.get(name)) for record in records)] or names
    names = names if alone else told
    cells = [[cell(record.get(name)) for name in names] for record in records]
    console = _console(stream)
    if len(records) > 1 or not alone:
        prose = {name for name, column in _columns(names, cells) if _is_prose(name, column)}
        for below in (set[str](), prose):
            if text := _laid_out(names, cells, below, console):
                return text
    if alone:
        return "\n".join(_written(console, _upright(names, row)) for row in cells)
    return "\n".join(_written(console, _upright(*_something(names, row))) for row in cells)


def _something(names: Sequence[str], row: Sequence[str]) -> tuple[list[str], list[str]]:
    """The cells of a row that are not empty: of many rows each line counts."""
    kept = [(name, text) for name, text in zip(names, row, strict=True) if text]
    return [name for name, _ in kept], [text for _, text in kept]


def _laid_out(
    names: Sequence[str], cells: Sequence[Sequence[str]], below: set[str], console: Console
) -> str:
    """The records as lines, with some columns below their line; nothing where that is too wide."""
    kept = [at for at, name in enumerate(names) if name not in below]
    lines = _lines([names[at] for at in kept], [[row[at] for at in kept] for row in cells])
    # Asked with the terminal's width, a table says that it fits, and cuts its names.
    unlimited = console.options.update(max_width=_UNLIMITED)
    if not kept or Measurement.get(console, unlimited, lines).minimum > console.width:
        return ""
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
        text, max(width, _NARROWEST_PROSE), initial_indent=prefix, subsequent_indent="      "
    )
    return f"{folded}\n"


def _columns(
    names: Sequence[str], cells: Sequence[Sequence[str]]
) -> Iterator[tuple[str, Sequence[str]]]:
    return zip(names, zip(*cells, strict=True), strict=True)


def _is_prose(name: str, column: Sequence[str]) -> bool:
    return max(map(cell_len, (_title(name), *column))) > _LONGEST_NAME


def _title(name: str) -> str:
    return name.replace("_", " ")


def _lines(names: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for name, column in _columns(names, cells):
        prose = _is_prose(name, column)
        widest = max(map(cell_len, (_title(name), *column)))
        narrowest = _NARROWEST_PROSE if prose else widest
        drawn.add_column(_title(name), no_wrap=not prose, min_width=narrowest, overflow="fold")
    for row in cells:
        drawn.add_row(*map(Text, row))
    return drawn


def _upright(names: Sequence[str], row: Sequence[str]) -> Table:
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, text in zip(names, row, strict=True):
        drawn.add_row(_title(name), Text(text))
    return drawn


def _console(stream: TextIO) -> Console:
    terminal = stream.isatty()
    return Console(
        file=io.StringIO(),
        force_terminal=terminal,
        width=None if terminal else _UNLIMITED,
        highlight=False,
        emoji=False,
    )


def _written(console: Console, drawn: Table) -> str:
    with console.capture() as captured:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
