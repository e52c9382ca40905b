"""The JSON reply of a script, and its rows as dataclasses. The only place where Any enters."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from psrebind.errors import ParameterError, ReplyError, ScriptError

Row = TypeVar("Row")
# Ten times what a large host has to say; an empty object is two characters there, and sixty here.
MOST_OBJECTS = 2_000_000
# Such as ``HRESULT 0x800700b7,Register-ScheduledTask``.
_HRESULT = re.compile(r"HRESULT 0x([0-9A-Fa-f]{8})\b")
# Rows lie a few levels deep. What is as deep as Python's stack fails wherever it is walked through.
_DEEPEST = 24
# All numbers of Windows: signed ones and unsigned ones of 64 bits.
_NUMBERS = range(-(2**63), 2**64)
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


def parse(text: str) -> Reply:
    """Read the reply's JSON; raise ReplyError for anything that is not one."""
    try:
        data = _loaded(text)
        return Reply(
            powershell=_text(data["powershell"]),
            language_mode=_text(data["language_mode"]),
            process_bits=_bits(data["process_bits"]),
            ui_culture=_text(data["ui_culture"]),
            clock=_moment(data["clock"]),
            bodies=tuple(_body(item) for item in _list(data["bodies"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        shown = text if len(text) <= 200 else text[:200] + " …"
        raise ReplyError(f"the answer is not a reply of psrebind: {shown!r}") from error


def _loaded(text: str) -> Any:
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


def _inner(data: Any) -> Iterable[Any]:
    return data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError("a text was promised")
    return data


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise TypeError("a list was promised")
    return data


def _number(data: Any) -> int:
    if type(data) is not int or data not in _NUMBERS:
        raise TypeError("a number was promised")
    return data


def _bits(number: Any) -> int | None:
    if number is not None and _number(number) not in (32, 64):
        raise ValueError("a process has 32 or 64 bits")
    return typing.cast("int | None", number)


def _body(data: dict[str, Any]) -> Body:
    error = data["error"]
    rows = _list(data["rows"])
    if not all(isinstance(row, dict) for row in rows):
        raise TypeError("an object was promised")
    return Body(
        operation=_text(data["operation"]),
        rows=tuple(rows),
        warnings=tuple(_text(text) for text in _list(data["warnings"])),
        error=None if error is None else _script_error(error),
    )


def _script_error(data: dict[str, Any]) -> ScriptError:
    message, line = _text(data["message"]), _number(data["line"])
    return ScriptError(
        message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]} …",
        error_id=_text(data["error_id"]),
        category=_text(data["category"]),
        exception=_text(data["exception"]),
        hresult=_hresult(data["error_id"], data["hresult"]),
        place=f"line {line}" if line > 0 else "",
    )


def _hresult(error_id: str, number: Any) -> int | None:
    """The number of an error: a CIM command's stands in its id, its exception has none of its own.

    .NET's general ones (0x8013....) say nothing that the message does not; all come as negative
    numbers from there, and without a sign from elsewhere.
    """
    if found := _HRESULT.match(error_id):
        return int(found[1], 16)
    if number is None:
        return None
    unsigned = _number(number) & 0xFFFFFFFF
    return None if unsigned & 0xFFFF0000 == 0x80130000 else unsigned


def rows(body: Body, row: type[Row]) -> tuple[Row, ...]:
    """Give the rows of one body as dataclasses; raise its error, or ReplyError for a misfit."""
    if body.error:
        raise body.error
    return tuple(read(row, data, body.operation) for data in body.rows)


def read(kind: type[Row], data: Any, place: str) -> Row:
    """Read one value of the given type out of JSON; ReplyError names the place of a misfit."""
    try:
        return typing.cast("Row", _value(kind, data, place))
    except (ValueError, TypeError, ArithmeticError, ParameterError) as error:
        raise ReplyError(f"{place}: {_short(str(error), 200)}") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _dataclass(kind: type, data: Any, place: str) -> Any:
    if not isinstance(data, dict):
        raise ReplyError(f"{place}: an object was promised, not {type(data).__name__}")
    hints = _hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]
    if odd := set(names) ^ set(data):
        raise ReplyError(f"{place}: unexpected or missing: {_short(', '.join(sorted(odd)), 200)}")
    return kind(**{name: _value(hints[name], data[name], f"{place}.{name}") for name in names})


def _value(kind: Any, data: Any, place: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return data
    if origin in (typing.Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        return _value(next(part for part in arguments if part is not type(None)), data, place)
    if origin is tuple:
        if not isinstance(data, list):
            raise ReplyError(f"{place}: a list was promised, not {type(data).__name__}")
        return tuple(_value(arguments[0], item, place) for item in data)
    if origin is dict:
        _require(data, dict, place)
        return {key: _value(arguments[1], item, f"{place}.{key}") for key, item in data.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, data, place)
    return _scalar(kind, data, place)


def _scalar(kind: Any, data: Any, place: str) -> Any:
    if kind is datetime:
        return _moment(data)
    if kind is bytes:
        # Constrained Language refuses [Convert]: there a list of numbers comes instead.
        return bytes(data) if isinstance(data, list) else base64.b64decode(data, validate=True)
    if issubclass(kind, Enum):
        return kind(data)
    if issubclass(kind, bool | int):
        if type(data) is not kind or data not in _NUMBERS:
            raise ReplyError(f"{place}: {kind.__name__} was promised, not {_short(repr(data))}")
        return data
    _require(data, str, place)
    return kind(data)


def _require(data: Any, kind: type, place: str) -> None:
    if not isinstance(data, kind):
        raise ReplyError(f"{place}: {kind.__name__} was promised, not {_short(repr(data))}")


def _short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[:longest]} …"


def _moment(text: str) -> datetime:
    # .NET's "o" has seven digits of a second, which Python 3.11 reads; Z is always there.
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
