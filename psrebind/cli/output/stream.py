"""Rows of many hosts as they come: as JSON, JSON lines, CSV, or tables in pieces.

No more than one piece of a table is kept.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TextIO

from psrebind.cli import output
from psrebind.cli.options import Format
from psrebind.cli.output.values import csv_line, flat, header, json_text
from psrebind.errors import InvalidInput

# A table's columns are as wide as its rows need: it comes in pieces, whole for a few hosts.
PIECE = 200
Records = Sequence[Mapping[str, Any]]
# What the rows of a table are sorted by, over all hosts.
Order = Callable[[Mapping[str, Any]], Any]


class Write(Protocol):
    """Where text goes; ``stream`` is what it will be read on."""

    @property
    def stream(self) -> TextIO:
        """Whose width a table keeps."""

    def __call__(self, text: str) -> None: ...


class Stream(Protocol):
    """Where the rows of all hosts go."""

    form: Format

    def add(self, records: Records) -> None:
        """Take the records of one host."""

    def end(self) -> None:
        """Write what was held back."""


@contextmanager
def stream(form: Format, put: Write, *, order: Order | None = None) -> Iterator[Stream]:
    """A stream for the length of a run; it ends also where the run was broken off.

    A table with an order comes at the end, as a whole.
    """
    kinds: dict[Format, Callable[[Write], Stream]] = {
        "json": _Json,
        "jsonl": _JsonLines,
        "csv": _Csv,
        "table": lambda where: _Table(where, order),
    }
    opened = kinds[form](put)
    try:
        yield opened
    finally:
        opened.end()


class _JsonLines:
    form: Format = "jsonl"

    def __init__(self, put: Write) -> None:
        self._put = put

    def add(self, records: Records) -> None:
        self._put("".join(json_text(record) + "\n" for record in records))

    def end(self) -> None:
        """Each line stands for itself."""


class _Json:
    """One array, element by element."""

    form: Format = "json"

    def __init__(self, put: Write) -> None:
        self._put = put
        self._begun = False

    def add(self, records: Records) -> None:
        for record in records:
            text = json_text(record, indent=2).replace("\n", "\n  ")
            self._put((",\n  " if self._begun else "[\n  ") + text)
            self._begun = True

    def end(self) -> None:
        self._put("\n]\n" if self._begun else "[]\n")


class _Csv:
    """The columns are known when the last row is: until then rows wait on the disk."""

    form: Format = "csv"

    def __init__(self, put: Write) -> None:
        self._put = put
        self._names: dict[str, None] = {}
        try:
            self._waiting = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - until end()
        except OSError as error:
            reason = error.strerror or str(error)
            raise InvalidInput(f"CSV of many hosts needs a temporary file: {reason}") from error
        self._full: OSError | None = None

    def add(self, records: Records) -> None:
        for record in records:
            cells = flat(record)
            self._names.update(dict.fromkeys(cells))
            self._keep(json.dumps(cells) + "\n")

    def _keep(self, line: str) -> None:
        """Let a row wait; a full disk ends the keeping, and is told at the end of the run."""
        if self._full:
            return
        try:
            self._waiting.write(line)
            self._waiting.flush()
        except OSError as error:
            self._full = error

    def end(self) -> None:
        if self._full:
            with suppress(OSError):
                self._waiting.close()
            raise self._full
        with self._waiting as waiting:
            names = header([self._names])
            if names:
                self._put(csv_line({name: name for name in names}, names))
            waiting.seek(0)
            for line in waiting:
                self._put(csv_line(json.loads(line), names))


class _Piece:
    """Rows of one kind, which make one table."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.cells: list[dict[str, Any]] = []

    def takes(self, names: frozenset[str]) -> bool:
        """Whether rows of these columns belong here: they have fewer, as a broken one, or more."""
        return names <= self.names or names >= self.names


class _Table:
    """Tables in pieces; rows with other columns than others make a table of their own."""

    form: Format = "table"

    def __init__(self, put: Write, order: Order | None) -> None:
        self._put = put
        self._order = order
        self._tables = output.Tables()
        self._waiting: list[_Piece] = []

    def add(self, records: Records) -> None:
        for record in records:
            piece = self._piece(frozenset(record))
            piece.cells.append(flat(record))
        if self._order:
            return
        full = [one for one in self._waiting if len(one.cells) >= PIECE]
        self._waiting = [one for one in self._waiting if one not in full]
        for one in full:
            self._print(one.cells)

    def _piece(self, names: frozenset[str]) -> _Piece:
        for piece in self._waiting:
            if piece.takes(names):
                piece.names |= names
                return piece
        self._waiting.append(_Piece(names))
        return self._waiting[-1]

    def end(self) -> None:
        waiting, self._waiting = self._waiting, []
        for piece in waiting:
            self._print(piece.cells)

    def _print(self, piece: list[dict[str, Any]]) -> None:
        # What came in the order of the hosts' speed is read in the order of their names.
        piece.sort(key=lambda cells: str(cells["host"]))
        if self._order:
            piece.sort(key=self._order)
        self._put(self._tables.text(piece, single=False, stream=self._put.stream))
