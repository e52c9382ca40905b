"""A Python value as a PowerShell literal, in pure ASCII, on one line. All quoting is here.

Every character outside printable ASCII becomes ``[char]0x…``: a file without a mark of order is
read by Windows PowerShell 5.1 in the machine's ANSI page, where a byte of a correctly quoted
Cyrillic name can become one of the five characters that PowerShell takes for a quote, and what
follows runs (field notes G).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from psrebind.errors import ParameterError

_PLAIN = re.compile(r"[ -~]+")
_INT64 = 2**63
_DECIMAL_LIMIT = 2**96
_TICK = timedelta(microseconds=1)
_TIMESPAN_LIMIT = timedelta(microseconds=_INT64 // 10 - 1)
# A chain of + is a tree that the engine walks by recursion; a list is flat.
_LONGEST_CHAIN = 32


def literal(value: object) -> str:
    """Write a value as PowerShell; raise ParameterError, by type name, for any other type."""
    if isinstance(value, Enum):
        return literal(value.value)
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value)
    raise ParameterError(f"a value of type {type(value).__name__} cannot be written as PowerShell")


def _string(value: str) -> str:
    if "\0" in value:
        raise ParameterError("a text with a NUL character cannot be written as PowerShell")
    if not value or _PLAIN.fullmatch(value):
        return _quote(value)
    parts = _parts(value)
    if len(parts) > _LONGEST_CHAIN:
        return f"(-join ({', '.join(parts)}))"
    # A text in front decides that + joins: PowerShell goes by the left operand.
    front = [] if parts[0].startswith("'") else ["''"]
    return f"({' + '.join(front + parts)})"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _parts(value: str) -> list[str]:
    parts = []
    end = 0
    for found in _PLAIN.finditer(value):
        parts += _characters(value[end : found.start()])
        parts.append(_quote(found[0]))
        end = found.end()
    return parts + _characters(value[end:])


def _characters(text: str) -> list[str]:
    raw = text.encode("utf-16-be", "surrogatepass")
    units = [f"0x{raw[at]:02X}{raw[at + 1]:02X}" for at in range(0, len(raw), 2)]
    if len(units) > 1:
        return [f"(-join [char[]]({', '.join(units)}))"]
    return [f"[char]{unit}" for unit in units]


def _int(value: int) -> str:
    if abs(value) < _INT64:
        return str(int(value))
    # The cast [bigint]'…' goes through a double and loses digits (tried on the engine).
    return f"[bigint]::Parse('{int(value)}')"


def _float(value: float) -> str:
    if math.isnan(value):
        return "[double]::NaN"
    if math.isinf(value):
        return f"[double]::{'Positive' if value > 0 else 'Negative'}Infinity"
    return f"([double]'{float(value)!r}')"


def _decimal(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    unscaled = abs(value).scaleb(-exponent) if isinstance(exponent, int) else None
    if unscaled is None or unscaled >= _DECIMAL_LIMIT or abs(value) >= _DECIMAL_LIMIT:
        raise ParameterError(f"{value} is beyond PowerShell's decimal")
    if isinstance(exponent, int) and exponent < -28:
        raise ParameterError(f"{value} has more than the 28 decimals of PowerShell's decimal")
    # The cast [decimal]'1.10' drops the last zero (tried on the engine); the suffix keeps it.
    return f"{value:f}d"


def _list(value: Sequence[object]) -> str:
    items = [literal(item) for item in value]
    # The comma in front keeps a list of one list from being unrolled.
    return f"@(,{items[0]})" if len(items) == 1 else f"@({', '.join(items)})"


def _dict(value: Mapping[str, object]) -> str:
    seen: set[str] = set()
    for key in value:
        if not isinstance(key, str):
            raise ParameterError(f"a key of type {type(key).__name__} cannot be written")
        if key.casefold() in seen:
            raise ParameterError(f"the key {key!r} stands twice: PowerShell ignores case")
        seen.add(key.casefold())
    items = [f"{_string(key)} = {literal(item)}" for key, item in value.items()]
    return f"@{{{'; '.join(items)}}}"


def _datetime(value: datetime) -> str:
    if value.tzinfo is None:
        raise ParameterError(f"the time {value} has no time zone")
    text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"([datetime]'{text.rjust(26, '0')}Z').ToUniversalTime()"


def _timedelta(value: timedelta) -> str:
    if abs(value) > _TIMESPAN_LIMIT:
        raise ParameterError(f"{value} is beyond PowerShell's timespan")
    microseconds = abs(value) // _TICK
    seconds, fraction = divmod(microseconds, 1_000_000)
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}"
    return f"([timespan]'{'-' if value < timedelta() else ''}{days}.{clock}')"


_WRITERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (type(None), lambda _: "$null"),
    (bool, lambda value: "$true" if value else "$false"),
    (str, _string),
    (int, _int),
    (float, _float),
    (Decimal, _decimal),
    ((bytes, bytearray), lambda value: f"([byte[]]@({', '.join(map(str, value))}))"),
    (list | tuple, _list),
    (dict, _dict),
    (datetime, _datetime),
    (timedelta, _timedelta),
    (PurePath, lambda value: _string(str(value))),
    (UUID, lambda value: f"([guid]'{value}')"),
)
