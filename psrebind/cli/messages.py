"""Text for a person: what a host said is made harmless, and messages go to stderr.

Knows characters and streams; knows nothing of hosts.
"""

from __future__ import annotations

import sys

from psrebind.cli.appearance import Word, worded
from psrebind.errors import InvalidInput
from psrebind.text import visible as visible


def tell(*parts: str) -> None:
    """Print one message for a person to stderr; a part that is a word may have its colour."""
    said = "".join(
        worded(one, sys.stderr) if isinstance(one, Word) else visible(one, keep="\n")
        for one in parts
    )
    # In one piece: many hosts' messages come from as many threads.
    sys.stderr.write(f"psrebind: {said}\n")
    sys.stderr.flush()


def count_of(count: int, noun: str) -> str:
    """``1 binding``, ``2 bindings``."""
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def nobody_agrees(doing: str) -> InvalidInput:
    """The error of a change that nobody can agree to."""
    return InvalidInput(f"nobody is there to agree to the change: add --yes ({doing})")


def agreed(question: str) -> bool:
    """Ask a person; raise InvalidInput where nobody is there to answer."""
    if not sys.stdin.isatty():
        raise nobody_agrees(question)
    try:
        print(f"{visible(question)} [y/N] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        _decline(after="")
        raise
    if answer.strip().lower() in ("y", "yes"):
        return True
    _decline(after=answer)
    return False


def _decline(*, after: str) -> None:
    # Without an Enter, as after Ctrl-C and Ctrl-D, the question is still on the line.
    if not after.endswith("\n"):
        sys.stderr.write("\n")
    tell("nothing was changed")
