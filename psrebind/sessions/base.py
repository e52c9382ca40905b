"""What a session with a host promises, and the limits of what is done in it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Protocol, Self

from psrebind.replies import Reply
from psrebind.script import Script

# What psrebind itself tells beside a host's streams: a sentence for a person, the file of a state
# before, and the stage of the work, empty between two.
NOTICE, SAVED, STAGE = "notice", "saved", "stage"
READING, CHANGING, VERIFYING = "reading", "changing", "verifying"


@dataclass(frozen=True)
class StreamRecord:
    """One record of a stream other than output: ``verbose``, ``warning``, ``progress`` …"""

    stream: str
    text: str
    percent: int | None = None


OnStream = Callable[[StreamRecord], None]
# How late a wait for either of two events may notice the other one.
_TICK = 0.1


@dataclass(frozen=True)
class Limits:
    """When to stop waiting: a moment of the monotonic clock, and a flag that a person sets.

    ``seconds`` is what the deadline was made of, for the sentence that says it has passed.
    """

    deadline: float | None = None
    cancelled: Event = field(default_factory=Event)
    seconds: float | None = None

    @classmethod
    def within(cls, seconds: float | None, cancelled: Event | None = None) -> Self:
        """Limits that end so many seconds from now; None is no deadline."""
        end = None if seconds is None else time.monotonic() + seconds
        return cls(end, cancelled or Event(), seconds)

    def later(self, seconds: float) -> Self:
        """The same limits with so many seconds more: the time in which a person thought."""
        return self if self.deadline is None else replace(self, deadline=self.deadline + seconds)

    def or_within(self, seconds: float | None) -> Self:
        """The same flag, and whichever ends earlier: these limits, or so many seconds from now."""
        own = self.within(seconds, self.cancelled)
        ends = [math.inf if one.deadline is None else one.deadline for one in (own, self)]
        return own if ends[0] < ends[1] else self

    @property
    def remaining(self) -> float | None:
        """Seconds left, never below zero; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    @property
    def reached(self) -> str | None:
        """The reason to stop now as a phrase, or None."""
        return "cancelled" if self.cancelled.is_set() else self.expired

    @property
    def expired(self) -> str | None:
        """The passed time limit as a phrase, or None; whether a person cancelled does not count."""
        if self.deadline is None or time.monotonic() < self.deadline:
            return None
        length = "" if self.seconds is None else f" of {self.seconds:g} s"
        return f"the time limit{length} has passed"


class EitherEvent(Event):
    """An event that counts as set once itself or another event is set."""

    def __init__(self, other: Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        """Whether one of the two is."""
        return super().is_set() or self._other.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for one of the two."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (left := end - time.monotonic()) > 0:
            super().wait(min(left, _TICK))
        return self.is_set()


class Logon(Protocol):
    """Says when a session may send its credential, and hears that the host took it."""

    def begin(self) -> None:
        """Return once it may be sent; raise a PsrebindError when it may not."""

    def accepted(self) -> None:
        """The host let us in."""


class Session(Protocol):
    """An open channel to one host; a context manager whose exit leaves nothing on the host, but a
    change that was sent and not waited for: that comes to its end there.

    ``invoke`` raises ConnectError or AuthenticationError when nothing ran, SessionLost when that
    is unknown, ScriptError when the host refused the script as a whole, ReplyError for an answer
    that is no reply.
    """

    @property
    def host(self) -> str:
        """The host as the user named it."""

    def open(self, *, limits: Limits | None = None) -> None:
        """Open the session now, to learn whether the host lets us in; else invoke does."""

    def invoke(
        self, script: Script, *, limits: Limits | None = None, on_stream: OnStream | None = None
    ) -> Reply:
        """Run one script in the session's runspace and give its reply."""

    def close(self) -> None:
        """End the session; never raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
