"""Rows as a table for a person. Knows the terminal's width; nothing of what the rows mean.

Off a terminal no line is folded: what greps for a thumbprint finds it whole.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from psrebind.cli.output import cell, header

_UNLIMITED = 10_000


def table(
    records: Sequence[Mapping[str, Any]],
    columns: Sequence[str] = (),
    *,
    stream: TextIO | None = None,
) -> str:
    """Lay flat records out, one a line; a single one with many cells stands upright."""
    if not records:
        return ""
    names = list(columns or header(records))
    if len(records) == 1 and not columns:
        return _written(_upright(records[0], names), stream)
    drawn = _table()
    for name in names:
        drawn.add_column(name.replace("_", " "), overflow="fold")
    for record in records:
        drawn.add_row(*(Text(cell(record.get(name))) for name in names))
    return _written(drawn, stream)


def _upright(record: Mapping[str, Any], names: Sequence[str]) -> Table:
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name in names:
        drawn.add_row(name.replace("_", " "), Text(cell(record.get(name))))
    return drawn


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")


def _written(drawn: Table, stream: TextIO | None) -> str:
    stream = stream or sys.stdout
    terminal = stream.isatty()
    console = Console(
        file=io.StringIO(),
        force_terminal=terminal,
        width=None if terminal else _UNLIMITED,
        highlight=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
