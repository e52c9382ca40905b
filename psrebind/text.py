"""Text from a host, made harmless for whoever reads it."""

from __future__ import annotations

import unicodedata
from functools import cache

# Control, format (bidi marks, zero width), lone surrogates, private use, line and paragraph ends.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@cache
def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def visible(text: str, *, keep: str = "") -> str:
    """Show what a terminal would act on or hide as ``\\u001b``: JSON's own way of writing it.

    A host's text never reaches a terminal otherwise: it could rewrite what stands there.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in keep else _shown(one) for one in text)
