"""The values of a JSON text one after the other, in bounded memory.

Takes lines, a list, values after one another, and what evtx_dump prints between them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from psrebind.errors import DecodeError

# A value is decoded in one go and must fit into a window; a text may have any number of them.
WINDOW = 2_000_000
MAX_VALUES = 100_000
# After a broken value the next line that begins one is tried, at some cost each time.
MAX_BROKEN = 20

_DECODER = json.JSONDecoder()
_TOO_LARGE = DecodeError(
    f"is not JSON, or one value of more than {WINDOW:,} characters; export one event a line"
)
_BETWEEN = re.compile(r"(?:[\s,\[\]]|Record \d{1,20}\s)*+")
_NEXT_LINE = re.compile(r"\n(?=\{)")


def json_values(text: str) -> Iterator[object]:
    """The values of a text; a DecodeError in the place of each that cannot be read."""
    base = position = broken = 0
    window = text[:WINDOW]
    for _ in range(MAX_VALUES):
        position = _skip(window, position)
        value, end = _decoded(window, position)
        if end is None and base + len(window) < len(text):
            # The edge of the window may have cut it.
            base, window = base + position, text[base + position : base + position + WINDOW]
            position = _skip(window, 0)
            value, end = _decoded(window, position)
        if position == len(window):
            return
        yield _TOO_LARGE if end is None and base + len(window) < len(text) else value
        if end is None:
            broken += 1
            following = _NEXT_LINE.search(text, base + position)
            if not following or broken == MAX_BROKEN:
                return
            base, window, end = following.end(), text[following.end() : following.end() + WINDOW], 0
        position = end
    yield DecodeError(f"and what follows is not read: more than {MAX_VALUES:,} JSON values")


def _decoded(window: str, position: int) -> tuple[object, int | None]:
    """The value at a place and where it ends; a DecodeError and None where there is none."""
    try:
        return _DECODER.raw_decode(window, position)
    except RecursionError:
        return DecodeError("is nested too deep"), None
    except ValueError as error:
        reason = getattr(error, "msg", "a number is too long").split(":")[0].removesuffix(" at")
        return DecodeError(f"is not JSON: {reason.lower()}"), None


def _skip(text: str, position: int) -> int:
    between = _BETWEEN.match(text, position)
    return between.end() if between else position
