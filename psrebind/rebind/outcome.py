"""What became of a host, and the exit status that says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from psrebind.errors import PsrebindError, SessionError, SessionLost

# The exit status of a bug in psrebind.
BUG = 1
# The worst first, when several came together.
_ORDER = (130, 143, 129, 1, 6, 2, 4, 5, 3, 0)


class Outcome(StrEnum):
    """What became of one host."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    FAILED = "failed"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"

    @property
    def exit_status(self) -> int:
        """The exit status that this outcome asks for."""
        return _STATUSES[self]


_STATUSES = {
    Outcome.UNCHANGED: 0,
    Outcome.CHANGED: 0,
    Outcome.FAILED: 2,
    Outcome.REFUSED: 3,
    Outcome.SKIPPED: 3,
    Outcome.UNREACHABLE: 4,
    Outcome.UNKNOWN: 6,
}


def outcome_of_error(error: PsrebindError) -> Outcome:
    """The outcome of a host whose run ended in an error."""
    if isinstance(error, SessionLost):
        return Outcome.UNKNOWN
    if isinstance(error, SessionError):
        return Outcome.UNREACHABLE
    return Outcome.FAILED


def exit_status(statuses: Iterable[int]) -> int:
    """The one exit status of several: 130 (143, 129), 6, 2, 4, 3, in this order of weight."""
    return min(statuses, key=_ORDER.index, default=0)
