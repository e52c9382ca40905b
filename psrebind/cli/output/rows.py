"""Where a command puts its rows: those of one host as they are, of many with the host in front."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TextIO

from psrebind.cli import output
from psrebind.cli.options import Format
from psrebind.cli.output.stream import Stream
from psrebind.cli.output.values import csv_text, flat, json_text, plain, write

Short = Callable[[Any], Mapping[str, Any]]


def show(
    rows: Sequence[Any],
    form: Format,
    *,
    short: Callable[[Any], Mapping[str, Any]] | None = None,
    stream: TextIO | None = None,
) -> None:
    """Print rows; ``short`` makes of one what a table shows of it, the other forms have all."""
    stream = stream or sys.stdout
    records = [plain(short(row) if short and form == "table" else row) for row in rows]
    match form:
        case "json":
            write(json_text(records, indent=2) + "\n", stream)
        case "jsonl":
            write("".join(json_text(record) + "\n" for record in records), stream)
        case "csv":
            write(csv_text(records), stream)
        case "table":
            cells = [flat(record) for record in records]
            write(output.Tables().text(cells, single=not short, stream=stream), stream)


class Rows(Protocol):
    """Where a command puts the rows of one host."""

    @property
    def host(self) -> str:
        """The host as the user named it."""

    @property
    def form(self) -> Format:
        """How rows are printed."""

    @property
    def single(self) -> bool:
        """Whether it was named as the only host of the run."""

    def show(self, rows: Sequence[Any], *, short: Short | None = None) -> None:
        """Print rows; ``short`` makes of one what a table shows of it."""

    @property
    def is_aside(self) -> bool:
        """Whether they stand beside the data, for a person who is to decide on them."""

    def aside(self) -> Rows:
        """Where the same go that a person is to decide on: beside the data, as a table."""


class OneHost:
    """The rows of the only host: printed as they are."""

    single = True

    def __init__(self, host: str, form: Format, stream: TextIO | None = None) -> None:
        self.host = host
        self.form = form
        self._stream = stream

    def show(self, rows: Sequence[Any], *, short: Short | None = None) -> None:
        """Print rows."""
        show(rows, self.form, short=short, stream=self._stream)

    @property
    def is_aside(self) -> bool:
        """Whether they go to stderr."""
        return self._stream is sys.stderr

    def aside(self) -> OneHost:
        """The same, to stderr."""
        return OneHost(self.host, "table", sys.stderr)


class OneOfMany:
    """The rows of one host among others."""

    single = False
    is_aside = False

    def __init__(self, host: str, stream: Stream) -> None:
        self.host = host
        self.form = stream.form
        self._stream = stream

    def show(self, rows: Sequence[Any], *, short: Short | None = None) -> None:
        """Hand rows on, with the host in front."""
        shortened = short if self.form == "table" else None
        records = [plain(shortened(row) if shortened else row) for row in rows]
        self._stream.add([_named(self.host, record) for record in records])

    def aside(self) -> OneOfMany:
        """The stream itself is beside the data, or not."""
        return self


def _named(host: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {"host": host} | {name: value for name, value in record.items() if name != "host"}
