"""What JSON gave, as the types of our dataclasses; nothing is guessed, and a misfit is placed.

By hand, for what libraries do not hold: msgspec lets fields pass that no dataclass has, takes any
number, refuses bytes that came as a list, hides the keys of a dictionary from its sentences, and
adds 40 ms to a start; cattrs adds 90 ms and turns ``7`` into a text and a text into a list unless
each type gets a function of its own.
"""

from __future__ import annotations

import base64
import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
# From a type that is no container, a value and its place to the value of that type.
Leaf = Callable[[Any, Any, str], Any]
# All numbers of Windows: signed ones and unsigned ones of 64 bits.
NUMBERS = range(-(2**63), 2**64)
_LONGEST = 200


class Misfit(ValueError):
    """A value is not what was promised; the text says where, and what came instead."""


def convert(kind: type[T], data: object, place: str, leaf: Leaf | None = None) -> T:
    """Give a value of this type; raise Misfit, which names the place, for what is none.

    ``leaf`` makes the values that are no containers, where ``scalar`` does not.
    """
    found: T = _value(kind, data, place, leaf or scalar)
    return found


def scalar(kind: Any, data: Any, place: str) -> Any:
    """Give one moment, number, text or the like; raise Misfit for what is none."""
    if kind is datetime:
        return _made(_moment, required(str, data, place), place)
    if kind is bytes:
        # Constrained Language refuses [Convert]: there a list of numbers comes instead.
        return _made(bytes if isinstance(data, list) else _decoded, data, place)
    if issubclass(kind, Enum):
        return _made(kind, data, place)
    if issubclass(kind, bool | int):
        if type(data) is not kind or data not in NUMBERS:
            raise _misfit(kind, data, place)
        return data
    return _made(kind, required(str, data, place), place)


def required(kind: type[T], data: object, place: str) -> T:
    """Give the value back that is of this type; raise Misfit for another."""
    if not isinstance(data, kind):
        raise _misfit(kind, data, place)
    return data


def short(text: str, longest: int = _LONGEST) -> str:
    """The beginning of a text that whoever sent it may have made of any length."""
    return text if len(text) <= longest else f"{text[:longest]} …"


def _value(kind: Any, data: Any, place: str, leaf: Leaf) -> Any:
    origin, arguments, hints = _shape(kind)
    if kind is Any:
        return data
    if origin in (typing.Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        kind = next(part for part in arguments if part is not type(None))
        return _value(kind, data, place, leaf)
    if origin is tuple:
        items = required(list, data, place)
        return tuple(_value(arguments[0], item, place, leaf) for item in items)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        pairs = required(dict, data, place).items()
        return {key: _value(arguments[1], item, f"{place}.{key}", leaf) for key, item in pairs}
    if hints is not None:
        if odd := hints.keys() ^ required(dict, data, place).keys():
            raise Misfit(f"{place}: unexpected or missing: {short(', '.join(sorted(odd)))}")
        values = {
            name: _value(hint, data[name], f"{place}.{name}", leaf) for name, hint in hints.items()
        }
        return _made(lambda given: kind(**given), values, place)
    return leaf(kind, data, place)


@cache
def _shape(kind: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any] | None]:
    """The container that a type is and what is in it; of a dataclass the fields with their types.

    Kept: looking takes longer than converting.
    """
    fields = None
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = {item.name: hints[item.name] for item in dataclasses.fields(kind)}
    return typing.get_origin(kind), typing.get_args(kind), fields


def _made(make: Callable[[Any], Any], data: Any, place: str) -> Any:
    try:
        return make(data)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Misfit(f"{place}: {short(str(error))}") from error


def _misfit(kind: type, data: object, place: str) -> Misfit:
    return Misfit(f"{place}: {kind.__name__} was promised, not {short(repr(data), 60)}")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _moment(text: str) -> datetime:
    # .NET's "o" has seven digits of a second, which Python 3.11 reads; Z is always there.
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
