"""Names of hosts and groups as inventories write them: ports, ranges, and what is no name at all.

What is wrong is a ValueError, to which the caller adds file and line.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import idna

from psrebind.sessions.connection_options import is_address

LONGEST_PATTERN = 1000
_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])+):([0-9]{1,5})\Z")
_RANGE = re.compile(r"\[([^\[\]]*)\]")
_LABEL = re.compile(r"\w(?:[\w-]*\w)?\Z")
# Most names; only what it does not match needs a closer look.
_SIMPLE = re.compile(
    r"(?!.{254})(?:[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?(?:\.(?=.)|\Z))+\Z", re.ASCII
)
_NO_GROUP = re.compile(r"[\s:,\[\]{}*?/\\\x00-\x1f\x7f]")


def expand(pattern: str, *, literal: bool = False) -> tuple[Iterator[str], int | None]:
    """The names that `web[01:20].example.com:5986` stands for, one at a time, and the port; a
    literal pattern is one name."""
    if literal:
        return iter([host_name(pattern)]), None
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError("the name of a host is too long")
    port = None
    if found := _PORT.match(pattern):
        pattern, port = found[1], int(found[2])
        if not 0 < port < 65536:
            raise ValueError(f"{port} is no port: from 1 to 65535")
    bare = pattern[1:-1] if pattern.startswith("[") and pattern.endswith("]") else pattern
    if is_address(bare):
        return iter([bare]), port
    return (host_name(name) for name in _ranges(pattern)), port


def host_name(text: str) -> str:
    """Give a name that a host can have; ValueError for anything else."""
    if _SIMPLE.match(text) or is_address(text):
        return text
    labels = text.split(".")
    if len(text) > 253 or not all(len(label) < 64 and _LABEL.match(label) for label in labels):
        raise ValueError(f"{_shown(text)} is not the name or the address of a host")
    if not text.isascii():
        try:
            idna.encode(text.replace("_", "-"), uts46=True)
        except (idna.IDNAError, UnicodeError) as error:
            raise ValueError(f"{_shown(text)} is not a host name: {error}") from error
    return text


def group_name(text: object) -> str:
    """Give a name that a group can have; ValueError for anything else."""
    if not isinstance(text, str):
        raise ValueError(f"{_shown(text)} is not the name of a group: put it in quotes")
    if not text or len(text) > 253 or _NO_GROUP.search(text):
        raise ValueError(f"{_shown(text)} is not the name of a group")
    return text


def _ranges(pattern: str) -> Iterator[str]:
    found = _RANGE.search(pattern)
    if not found:
        yield pattern
        return
    head, tail = pattern[: found.start()], pattern[found.end() :]
    for item in _items(found[1]):
        yield from _ranges(f"{head}{item}{tail}")


def _items(text: str) -> Iterator[str]:
    """The members of one range, `01:20`, `a:f` or `0:10:2`, as Ansible counts them."""
    first, *rest = text.split(":")
    if len(rest) not in (1, 2) or not rest[0]:
        raise ValueError(f"[{text}] is not a range: first:last or first:last:step")
    first, last, step = first or "0", rest[0], _number(rest[1]) if len(rest) == 2 else 1
    if step < 1:
        raise ValueError(f"[{text}] does not advance")
    letters, width = string.ascii_letters, 0
    chosen: str | range
    if len(first) == len(last) == 1 and first in letters and last in letters:
        chosen = letters[letters.index(first) : letters.index(last) + 1 : step]
    else:
        width = len(first) if first[0] == "0" and len(first) > 1 else 0
        if width and width != len(last):
            raise ValueError(f"[{text}]: both ends need the same number of digits")
        chosen = range(_number(first), _number(last) + 1, step)
    if not chosen:
        raise ValueError(f"[{text}] ends before it begins")
    return (str(item).zfill(width) for item in chosen)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError(f"{_shown(text)} is no number of a range")
    return int(text)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]}…'"
