"""The inverse of ``psrebind.literals``: reads what that wrote, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from psrebind.errors import ParameterError

_WORDS = {
    "$null": None,
    "$true": True,
    "$false": False,
    "[double]::NaN": float("nan"),
    "[double]::PositiveInfinity": float("inf"),
    "[double]::NegativeInfinity": float("-inf"),
}
_WORD = re.compile(r"\$\w+|\[double\]::\w+")
_TEXT = re.compile(r"'((?:[^']|'')*)'")
_DECIMAL = re.compile(r"(-?\d+(?:\.\d+)?)d")
_INTEGER = re.compile(r"-?\d+")
_CAST = re.compile(r"\(\[(\w+)\]'([^']*)'\)(?:\.ToUniversalTime\(\))?")
_BIG_INTEGER = re.compile(r"\[bigint\]::Parse\('(-?\d+)'\)")
_BYTES = re.compile(r"\(\[byte\[\]\]@\(([\d, ]*)\)\)")
_CHARACTER = re.compile(r"\[char\]0x([0-9A-F]{4})")
_CHARACTERS = re.compile(r"\(-join \[char\[\]\]\(([^)]*)\)\)")
_TIMESPAN = re.compile(r"(-?)(\d+)\.(\d+):(\d+):(\d+)\.(\d+)\Z")


def read_literal(text: str) -> object:
    """Give the value of a literal; raise ParameterError for text that ``literal`` never writes."""
    try:
        value, end = _value(text, 0)
    except (ValueError, ArithmeticError, KeyError) as error:
        raise ParameterError(f"not a literal of psrebind: {text[:80]!r}") from error
    if end != len(text):
        raise ParameterError(f"not a literal of psrebind: {text[:80]!r}")
    return value


def _value(text: str, at: int) -> tuple[object, int]:
    if text.startswith("@(", at):
        return _list(text, at + 2)
    if text.startswith("@{", at):
        return _dict(text, at + 2)
    if found := _WORD.match(text, at):
        return _WORDS[found[0]], found.end()
    if found := _TEXT.match(text, at):
        return found[1].replace("''", "'"), found.end()
    if found := _DECIMAL.match(text, at):
        return Decimal(found[1]), found.end()
    if found := _INTEGER.match(text, at):
        return int(found[0]), found.end()
    if found := _CAST.match(text, at):
        return _CASTS[found[1]](found[2]), found.end()
    if found := _BIG_INTEGER.match(text, at):
        return int(found[1]), found.end()
    if found := _BYTES.match(text, at):
        return bytes(int(number) for number in found[1].split(",") if number), found.end()
    return _joined(text, at)


def _joined(text: str, at: int) -> tuple[str, int]:
    if text.startswith("(-join (", at):
        units, at = _units(text, at + len("(-join ("), ", ")
        at = _expect(text, at, ")")
    else:
        units, at = _units(text, _expect(text, at, "("), " + ")
    return units.decode("utf-16-be", "surrogatepass"), _expect(text, at, ")")


def _units(text: str, at: int, joint: str) -> tuple[bytes, int]:
    units = bytearray()
    while True:
        if found := _TEXT.match(text, at):
            units += found[1].replace("''", "'").encode("utf-16-be")
        elif found := _CHARACTER.match(text, at):
            units += bytes.fromhex(found[1])
        elif found := _CHARACTERS.match(text, at):
            units += bytes.fromhex(found[1].replace("0x", "").replace(",", ""))
        else:
            raise ValueError(at)
        at = found.end()
        if not text.startswith(joint, at):
            return bytes(units), at
        at += len(joint)


def _list(text: str, at: int) -> tuple[list[object], int]:
    items: list[object] = []
    at += text.startswith(",", at)
    while not text.startswith(")", at):
        item, at = _value(text, at)
        items.append(item)
        at += 2 * text.startswith(", ", at)
    return items, at + 1


def _dict(text: str, at: int) -> tuple[dict[str, object], int]:
    items: dict[str, object] = {}
    while not text.startswith("}", at):
        key, at = _value(text, at)
        items[str(key)], at = _value(text, _expect(text, at, " = "))
        at += 2 * text.startswith("; ", at)
    return items, at + 1


def _expect(text: str, at: int, word: str) -> int:
    if not text.startswith(word, at):
        raise ValueError(at)
    return at + len(word)


def _timespan(text: str) -> timedelta:
    found = _TIMESPAN.match(text)
    if not found:
        raise ValueError(text)
    days, hours, minutes, seconds, micro = (int(found[number]) for number in range(2, 7))
    span = timedelta(days, seconds, micro, minutes=minutes, hours=hours)
    return -span if found[1] else span


_CASTS: dict[str, Callable[[str], object]] = {
    "double": float,
    "guid": UUID,
    "timespan": _timespan,
    "datetime": lambda text: datetime.fromisoformat(text).astimezone(UTC),
}
