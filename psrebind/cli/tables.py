"""Rows as a table for a person. Knows the terminal's width; nothing of what the rows mean.

Off a terminal no line is folded: what greps for a thumbprint finds it whole.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
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
    """Lay flat records out, one a line; upright where that is too wide, or for one alone."""
    if not records:
        return ""
    names = header(records)
    cells = [[cell(record.get(name)) for name in names] for record in records]
    console = _console(stream)
    if len(records) > 1 or not alone:
        lines = _lines(names, cells)
        # Asked with the terminal's width, a table says that it fits, and cuts its names.
        unlimited = console.options.update(max_width=_UNLIMITED)
        if Measurement.get(console, unlimited, lines).minimum <= console.width:
            return _written(console, lines)
    return "\n".join(_written(console, _upright(names, row)) for row in cells)


def _lines(names: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for name, column in zip(names, zip(*cells, strict=True), strict=True):
        title = name.replace("_", " ")
        widest = max(map(cell_len, (title, *column)))
        prose = widest > _LONGEST_NAME
        narrowest = _NARROWEST_PROSE if prose else widest
        drawn.add_column(title, no_wrap=not prose, min_width=narrowest, overflow="fold")
    for row in cells:
        drawn.add_row(*map(Text, row))
    return drawn


def _upright(names: Sequence[str], row: Sequence[str]) -> Table:
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, text in zip(names, row, strict=True):
        drawn.add_row(name.replace("_", " "), Text(text))
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
