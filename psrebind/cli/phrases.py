"""Certificates in a table: by name and first digits. Knows texts; knows no table.

A phrase is its whole text, for whatever writes data; a table shows it with shorter thumbprints,
and with its names cut where a line would not fit a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from psrebind.cli.messages import visible
from psrebind.model import Thumbprint

SHORT = 8
_GAP = "…"


class Name(str):
    """The part of a phrase that may be cut."""

    __slots__ = ()


class Phrase(str):
    """A text of several parts; those that are thumbprints are shortened in a table."""

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


def certificate(name: str | None, thumbprint: str | None) -> Phrase:
    """A certificate by its name, if that is known, and its thumbprint."""
    if thumbprint is None:
        return Phrase("none")
    return Phrase(Name(name), " ", thumbprint) if name else Phrase(thumbprint)


def joined(phrases: Iterable[str], between: str) -> Phrase:
    """Phrases with a text between them."""
    parts: list[str] = []
    for one in phrases:
        parts += [between, one] if parts else [one]
    return Phrase(*parts)


def change(*sides: tuple[str | None, str | None]) -> Phrase:
    """Certificates one after the other, each a name and a thumbprint; the same name only once."""
    told: list[Phrase] = []
    last: str | None = None
    for name, thumbprint in dict.fromkeys(sides):
        told.append(certificate(None if name == last else name, thumbprint))
        last = name
    return joined(told, " → ")


class Heads:
    """The first digits of all thumbprints that an output has had so far: eight, or more where
    eight would name two."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}

    def of(self, records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """How each thumbprint of some records is shown; whatever came before counts too."""
        found = {one for record in records for value in record.values() for one in _within(value)}
        for one in found:
            self._seen.setdefault(one[:SHORT], set()).add(one)
        return {one: _head(one, self._seen[one[:SHORT]]) for one in found}


def shown(text: str, heads: Mapping[str, str], longest: int | None = None) -> str:
    """A text as a table shows it; ``longest``: how many columns are left for a name."""
    parts = text.parts if isinstance(text, Phrase) else (text,)
    return "".join(_part(one, heads, longest) for one in parts)


def _part(part: str, heads: Mapping[str, str], longest: int | None) -> str:
    if isinstance(part, Thumbprint):
        return heads.get(part, str(part))
    text = visible(part)
    return _cut(text, longest) if longest and isinstance(part, Name) else text


def _cut(text: str, longest: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= longest:
        return text
    return set_cell_size(text, longest - 1).rstrip() + _GAP


def _within(value: Any) -> Iterator[str]:
    if isinstance(value, Thumbprint):
        yield value
    elif isinstance(value, Phrase):
        yield from (one for one in value.parts if isinstance(one, Thumbprint))
    elif isinstance(value, list):
        for one in value:
            yield from _within(one)


def _head(thumbprint: str, alike: Sequence[str] | set[str]) -> str:
    length = SHORT
    while sum(one.startswith(thumbprint[:length]) for one in alike) > 1:
        length += 1
    return thumbprint[:length]
