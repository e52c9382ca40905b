"""Lifecycle events of a host, how far back their logs reach, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from psrebind.decode.events import LifecycleEvent
from psrebind.model import Thumbprint
from psrebind.operations.get_lifecycle_event import (
    ChannelEvents,
    GetLifecycleEvent,
    UnreadableEvent,
    is_truncated,
)
from psrebind.operations.runner import ScriptRunner
from psrebind.phrase import count_of, format_time
from psrebind.replies import Body
from psrebind.thumbprints import the_only


@dataclass(frozen=True)
class EventReport:
    """The logs of a host, and the events in them."""

    logs: Sequence[ChannelEvents]
    events: Sequence[LifecycleEvent | UnreadableEvent]

    @classmethod
    def read(cls, question: GetLifecycleEvent, body: Body) -> Self:
        """The report in a host's answer; raises what the host met."""
        return cls(question.rows(body), question.result(body))

    @property
    def readable(self) -> list[LifecycleEvent]:
        """The events that could be decoded."""
        return [one for one in self.events if isinstance(one, LifecycleEvent)]

    @property
    def unreadable(self) -> list[str]:
        """Why events could not be decoded, one sentence each."""
        found = (one.reason for one in self.events if isinstance(one, UnreadableEvent))
        return [f"an event could not be read: it {reason}" for reason in found]

    def reach(self, since: datetime | None = None) -> list[str]:
        """Whether each log is on, and how far back it reaches."""
        return [_reach(log, since) for log in self.logs]

    def cut(self, newest: int) -> list[str]:
        """What was left out of logs that had more than was asked for."""
        cut = [log.channel for log in self.logs if is_truncated(log, newest)]
        return [f"only the newest {newest} of {channel} were asked for" for channel in cut]


def read_events(
    runner: ScriptRunner, question: GetLifecycleEvent, digits: str | None = None
) -> EventReport:
    """Read a host's events; only those of a certificate, by its first digits, if one is given.

    Raises InvalidInput where the digits begin several certificates of the events.
    """
    (body,) = runner.run([question]).bodies
    found = EventReport.read(question, body)
    return _narrow(found, digits, runner.host) if digits else found


def _narrow(found: EventReport, digits: str, host: str) -> EventReport:
    """The events that name the certificate with these first digits, and what cannot be read."""
    named = {
        one
        for event in found.events
        if isinstance(event, LifecycleEvent)
        for one in _thumbprints(event)
        if one.startswith(digits)
    }
    wanted = the_only(digits, named, host) if named else None
    events = [
        one
        for one in found.events
        if isinstance(one, UnreadableEvent) or wanted in _thumbprints(one)
    ]
    return replace(found, events=events)


def _thumbprints(event: LifecycleEvent) -> set[Thumbprint]:
    sides = (event.old, event.new, event.certificate)
    return {one.thumbprint for one in sides if one and one.thumbprint}


def _reach(log: ChannelEvents, since: datetime | None) -> str:
    whose = "of users" if "Lifecycle-User" in log.channel else "of the computer"
    # Not "the system log": Windows has another one of that name.
    name = f"the certificate lifecycle log {whose}"
    if log.enabled is None:
        return f"{name}, {log.channel}, is not there on this Windows"
    state = "on" if log.enabled else "off: it records nothing now"
    if log.oldest is None:
        return f"{name} is {state}; it is empty"
    records = count_of(log.records or 0, "event")
    told = f"{name} is {state}; it has {records} and reaches back to {format_time(log.oldest)}"
    later = since is not None and log.oldest > since
    return f"{told}, not to {format_time(since)}" if later else told
