"""The JSON reply of a script, and its rows as dataclasses. The only place where Any enters."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import types
import typing
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
            powershell=str(data["powershell"]),
            language_mode=str(data["language_mode"]),
            process_bits=_bits(data["process_bits"]),
            ui_culture=str(data["ui_culture"]),
            clock=_moment(data["clock"]),
            bodies=tuple(_body(item) for item in data["bodies"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        shown = text if len(text) <= 200 else text[:200] + " …"
        raise ReplyError(f"the answer is not a reply of psrebind: {shown!r}") from error


def _loaded(text: str) -> Any:
    if text.count("{") + text.count("[") > MOST_OBJECTS:
        raise ValueError("more objects than a reply has")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _bits(number: int | None) -> int | None:
    if number not in (None, 32, 64):
        raise ValueError("a process has 32 or 64 bits")
    return number


def _body(data: dict[str, Any]) -> Body:
    error = data["error"]
    return Body(
        operation=str(data["operation"]),
        rows=tuple(dict(row) for row in data["rows"]),
        warnings=tuple(str(text) for text in data["warnings"]),
        error=_script_error(error) if error else None,
    )


def _script_error(data: dict[str, Any]) -> ScriptError:
    return ScriptError(
        str(data["message"]),
        error_id=str(data["error_id"]),
        category=str(data["category"]),
        exception=str(data["exception"]),
        hresult=_hresult(str(data["error_id"]), data["hresult"]),
        place=f"line {data['line']}" if data["line"] else "",
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
        raise ReplyError(f"{place}: {error}") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _dataclass(kind: type, data: Any, place: str) -> Any:
    if not isinstance(data, dict):
        raise ReplyError(f"{place}: an object was promised, not {type(data).__name__}")
    hints = _hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]
    if odd := set(names) ^ set(data):
        raise ReplyError(f"{place}: unexpected or missing: {', '.join(sorted(odd))}")
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
        if type(data) is not kind:
            raise ReplyError(f"{place}: {kind.__name__} was promised, not {data!r}")
        return data
    _require(data, str, place)
    return kind(data)


def _require(data: Any, kind: type, place: str) -> None:
    if not isinstance(data, kind):
        raise ReplyError(f"{place}: {kind.__name__} was promised, not {data!r}")


def _moment(text: str) -> datetime:
    # .NET's "o" has seven digits of a second, which Python 3.11 reads; Z is always there.
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
