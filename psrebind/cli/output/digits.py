"""Thumbprints in a table: their first digits, as many as tell them apart in one output.

Names are cut where a line would not fit a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size

from psrebind.model import Thumbprint
from psrebind.phrase import Name, Phrase
from psrebind.text import visible

SHORT = 8
_GAP = "…"


class ShortThumbprints:
    """The first digits of all thumbprints that an output has had so far: eight, or more where
    eight would name two."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}

    def shorten(self, records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """How each thumbprint of some records is shown; whatever came before counts too."""
        found = {one for record in records for value in record.values() for one in _within(value)}
        for one in found:
            self._seen.setdefault(one[:SHORT], set()).add(one)
        return {one: _first_digits(one, self._seen[one[:SHORT]]) for one in found}


def shorten(text: str, short: Mapping[str, str], longest: int | None = None) -> str:
    """A text as a table shows it; ``longest``: how many columns are left for a name."""
    parts = text.parts if isinstance(text, Phrase) else (text,)
    return "".join(_part(one, short, longest) for one in parts)


def _part(part: str, short: Mapping[str, str], longest: int | None) -> str:
    if isinstance(part, Thumbprint):
        return short.get(part, str(part))
    text = visible(part)
    return _cut(text, longest) if longest and isinstance(part, Name) else text


def _cut(text: str, longest: int) -> str:
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


def _first_digits(thumbprint: str, alike: Sequence[str] | set[str]) -> str:
    length = SHORT
    while sum(one.startswith(thumbprint[:length]) for one in alike) > 1:
        length += 1
    return thumbprint[:length]
