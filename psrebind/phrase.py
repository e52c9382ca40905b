"""Texts for a person: phrases of several parts, which a table may shorten; counts and times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Self


class Name(str):
    """The part of a phrase that may be cut."""

    __slots__ = ()


class Phrase(str):
    """A text that knows its parts; for whatever writes data it is the whole text."""

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> Self:
        """Join the parts; the parts of a phrase are its own."""
        whole = [
            one for part in parts for one in (part.parts if isinstance(part, Phrase) else (part,))
        ]
        made = super().__new__(cls, "".join(whole))
        made.parts = tuple(whole)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """How a copy is made."""
        return type(self), self.parts


def name_certificate(name: str | None, thumbprint: str | None) -> Phrase:
    """A certificate by its name, if that is known, and its thumbprint."""
    if thumbprint is None:
        return Phrase("none")
    return Phrase(Name(name), " ", thumbprint) if name else Phrase(thumbprint)


def join_phrases(phrases: Iterable[str], between: str) -> Phrase:
    """Phrases with a text between them."""
    parts: list[str] = []
    for one in phrases:
        parts += [between, one] if parts else [one]
    return Phrase(*parts)


def name_renewal(*sides: tuple[str | None, str | None]) -> Phrase:
    """Certificates one after the other, each a name and a thumbprint; the same name only once."""
    told: list[Phrase] = []
    last: str | None = None
    for name, thumbprint in dict.fromkeys(sides):
        told.append(name_certificate(None if name == last else name, thumbprint))
        last = name
    return join_phrases(told, " → ")


def count_of(count: int, noun: str) -> str:
    """``1 binding``, ``2 bindings``."""
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def format_time(time: datetime | None) -> str:
    """A time for a person, in UTC; nothing for None."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if time else ""


def describe_channel(enabled: bool | None) -> str:
    """Whether an event log is on; None where Windows has no such log."""
    return {True: "on", False: "off", None: "not on this Windows"}[enabled]
