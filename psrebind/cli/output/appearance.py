"""How a command's text looks: coloured or not, thumbprints whole or not.

Set once for a command, from its options. Colour says nothing that a word does not say too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, TextIO

Color = Literal["auto", "always", "never"]
Run = tuple[str, str]


@dataclass(frozen=True)
class Appearance:
    """What was asked for; ``wide``: thumbprints whole, however wide the table gets."""

    color: Color = "auto"
    wide: bool = False


_GOOD, _ODD, _BAD = "green", "yellow", "bold red"
_CODES = {_GOOD: "32", _ODD: "33", _BAD: "1;31"}
_STYLES = {
    _GOOD: ("changed", "done", "verified", "handled", "unchanged"),
    _ODD: (
        *("planned", "refused", "skipped", "unverified", "pending", "overtaken"),
        *("for a person to look at", "replaced", "shadowed", "stopped", "no host name"),
        *("other program", "no binding", "unreadable", "archived", "Disabled"),
    ),
    _BAD: (
        *("failed", "broken", "unreachable", "unknown", "not handled", "absent"),
        *("expired", "no key", "no private key", "no record", "no certificate", "not in store"),
    ),
}
_STYLE_OF = {word: style for style, words in _STYLES.items() for word in words}
# Elsewhere the same words are names: a site may be called "failed".
_WORDED = ("outcome", "verdict", "handled", "problems", "notes", "state")
_SOON = 14
_current: ContextVar[Appearance] = ContextVar("appearance")


class Word(str):
    """A word of a sentence that is coloured by what it means."""

    __slots__ = ()


def current() -> Appearance:
    """What was asked for."""
    return _current.get(Appearance())


@contextmanager
def use_appearance(wanted: Appearance) -> Iterator[None]:
    """Let all that is printed in a with block look as wanted."""
    before = _current.set(wanted)
    try:
        yield
    finally:
        _current.reset(before)


def has_color(stream: TextIO) -> bool:
    """Whether colour goes to a stream: as the user says, else to a terminal that may have it."""
    choice = current().color
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    # A Windows console of before Windows Terminal shows the codes themselves.
    return sys.platform != "win32" or any(name in os.environ for name in ("WT_SESSION", "TERM"))


def runs(column: str, text: str) -> list[Run]:
    """The pieces of a cell, each with its style; ``""`` is none."""
    if column == "days":
        return [(text, _days_style(text))]
    if column not in _WORDED:
        return [(text, "")]
    pieces: list[Run] = []
    for piece in text.split("; "):
        pieces += [("; ", "")] if pieces else []
        pieces.append((piece, _STYLE_OF.get(piece, "")))
    return pieces


def paint(text: str, style: str) -> str:
    """A text with the codes of its style around it."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style else text


def color_word(word: str, stream: TextIO) -> str:
    """A word in its own colour, where a stream gets colour."""
    return paint(word, _STYLE_OF.get(word, "")) if has_color(stream) else word


def _days_style(text: str) -> str:
    days = int(text) if text.removeprefix("-").isdecimal() else _SOON
    return _BAD if days < 0 else _ODD if days < _SOON else ""
