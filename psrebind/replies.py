"""The JSON reply of a script, and its rows as dataclasses.

A host may say anything: what is no reply is its error, however large, deep or odd it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from psrebind.convert import Misfit, convert, scalar, short
from psrebind.errors import ReplyError, ScriptError

Row = TypeVar("Row")
# Ten times what a large host has to say; an empty object is two characters there, and sixty here.
MOST_OBJECTS = 2_000_000
# Such as ``HRESULT 0x800700b7,Register-ScheduledTask``.
_HRESULT = re.compile(r"HRESULT 0x([0-9A-Fa-f]{8})\b")
# Rows lie a few levels deep. What is as deep as Python's stack fails wherever it is walked through.
_DEEPEST = 24
_LONGEST_MESSAGE = 4000


@dataclass(frozen=True)
class Body:
    """The answer of one operation: rows and warnings, or the error that ended it."""

    operation: str
    rows: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]
    error: ScriptError | None


@dataclass(frozen=True)
class Reply:
    """What one script said: the engine it ran in, and one Body for each operation."""

    powershell: str
    language_mode: str
    process_bits: int | None
    ui_culture: str
    clock: datetime
    bodies: tuple[Body, ...]


@dataclass(frozen=True)
class _Failure:
    """An error as the script reports it."""

    message: str
    error_id: str
    category: str
    exception: str
    hresult: int | None
    line: int


def parse(text: str) -> Reply:
    """Read the reply's JSON; raise ReplyError for anything that is not one."""
    try:
        reply = convert(Reply, _loaded(text), "reply", _part)
        if reply.process_bits not in (None, 32, 64):
            raise ValueError("a process has 32 or 64 bits")
    except ValueError as error:
        raise ReplyError(f"the answer is not a reply of psrebind: {short(text)!r}") from error
    return reply


def rows(body: Body, row: type[Row]) -> tuple[Row, ...]:
    """Give the rows of one body as dataclasses; raise its error, or ReplyError for a misfit."""
    if body.error:
        raise body.error
    return tuple(read(row, data, body.operation) for data in body.rows)


def read(kind: type[Row], data: object, place: str) -> Row:
    """Read one value of the given type out of JSON; ReplyError names the place of a misfit."""
    try:
        return convert(kind, data, place)
    except Misfit as error:
        raise ReplyError(str(error)) from error


def _loaded(text: str) -> object:
    if text.count("{") + text.count("[") > MOST_OBJECTS:
        raise ValueError("more objects than a reply has")
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    level = [data]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
        if not level:
            return data
    raise ValueError("nested too deeply")


def _inner(data: object) -> Iterable[object]:
    return data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()


def _part(kind: Any, data: object, place: str) -> Any:
    if kind is not ScriptError:
        return scalar(kind, data, place)
    found = convert(_Failure, data, place)
    return ScriptError(
        short(found.message, _LONGEST_MESSAGE),
        error_id=found.error_id,
        category=found.category,
        exception=found.exception,
        hresult=_hresult(found.error_id, found.hresult),
        place=f"line {found.line}" if found.line > 0 else "",
    )


def _hresult(error_id: str, number: int | None) -> int | None:
    """The number of an error: a CIM command's stands in its id, its exception has none of its own.

    .NET's general ones (0x8013....) say nothing that the message does not; all come as negative
    numbers from there, and without a sign from elsewhere.
    """
    if found := _HRESULT.match(error_id):
        return int(found[1], 16)
    if number is None:
        return None
    unsigned = number & 0xFFFFFFFF
    return None if unsigned & 0xFFFF0000 == 0x80130000 else unsigned
