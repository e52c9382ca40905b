"""One script on its way: what the waiting thread and the working thread of a session share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from queue import SimpleQueue
from threading import Lock

from psrebind.errors import ConnectError, ReplyError, SessionError, SessionLost
from psrebind.script import Script
from psrebind.sessions.base import Limits, StreamRecord

LOOK_FIRST = "Whether the script ran is unknown: look at the host before acting again"
READ_AGAIN = "Nothing was changed: run it again"
GOES_ON = (
    "Whether the change ran is unknown: it was not stopped and may still run there, so look at the "
    "host before acting again"
)


class Phase(IntEnum):
    """How far a script has come on its way."""

    OPENING = 1
    OPEN = 2
    SENT = 3
    ANSWERED = 4


class Stopped(Exception):
    """The call was stopped on this side, while the connection was in order."""


@dataclass(frozen=True)
class Ending:
    """How a call ended: the text of the reply, or the error."""

    text: str = ""
    error: Exception | None = None


class ScriptCall:
    """One script, its limits, how far it has come, and what is heard of it.

    Who gives up and who sends Command must agree on whether it was sent: hence the lock.
    """

    def __init__(self, script: Script | None, limits: Limits) -> None:
        self.script = script
        self.limits = limits
        self.events: SimpleQueue[StreamRecord | Ending] = SimpleQueue()
        self._phase = Phase.OPENING
        self._given_up = False
        self._lock = Lock()

    @property
    def phase(self) -> Phase:
        """How far it has come."""
        return self._phase

    @property
    def is_change_on_its_way(self) -> bool:
        """Whether it changes the host now, or may: then nobody stops it in its middle."""
        return self._phase is Phase.SENT and self.script is not None and self.script.changes

    def advance(self, phase: Phase) -> None:
        """Note the next phase, unless the waiting side gave up."""
        with self._lock:
            if self._given_up:
                raise Stopped("given up")
            self._phase = phase

    def give_up(self) -> Phase:
        """Wait no longer; from here on the phase stays as it is."""
        with self._lock:
            self._given_up = True
            return self._phase

    def proceed(self) -> None:
        """Raise Stopped when there is a reason to stop, which is none for a change on its way."""
        if self._given_up:
            raise Stopped("given up")
        if self.is_change_on_its_way:
            return
        if reason := self.limits.reached:
            raise Stopped(reason)

    def ending(self) -> Ending:
        """Wait for the ending, which must be certain to come at once; records are passed over."""
        while isinstance(event := self.events.get(), StreamRecord):
            continue
        return event


def single_text(output: Sequence[object], error: str | None) -> str:
    """The one text that a script gives; ReplyError, with its first error, for anything else."""
    if len(output) == 1 and isinstance(output[0], str):
        return output[0]
    said = "" if error is None else f"; the first error: {error}"
    kinds = ", ".join(type(item).__name__ for item in output[:3])
    shown = f"{len(output)} objects ({kinds})" if output else "nothing"
    raise ReplyError(f"one text was promised, {shown} came{said}")


def lost(host: str, script: Script | None, reason: str) -> SessionError:
    """The error of a script that was sent and not answered; a reading changed nothing."""
    if script is not None and script.reads:
        return ConnectError(host, f"{reason} while the host was read", advice=READ_AGAIN)
    changes = script is not None and script.changes
    return SessionLost(host, reason, advice=GOES_ON if changes else LOOK_FIRST)


def stopped(host: str, phase: Phase, reason: str, script: Script | None = None) -> SessionError:
    """The error of a script that we did not wait for."""
    if phase >= Phase.SENT:
        return lost(host, script, reason)
    return ConnectError(host, f"{reason} before the script was sent")
