"""Lifecycle events as lines, and in a sentence how far back their log reaches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psrebind.cli.moments import shown
from psrebind.cli.phrases import change
from psrebind.decode.events import EventCertificate, LifecycleEvent, LifecycleLog
from psrebind.model import Thumbprint
from psrebind.operations.get_lifecycle_event import ChannelEvents, UnreadableEvent, is_truncated
from psrebind.thumbprints import the_only


@dataclass(frozen=True)
class Found:
    """The logs of a host, and the events in them."""

    logs: Sequence[ChannelEvents]
    events: Sequence[LifecycleEvent | UnreadableEvent]


@dataclass(frozen=True)
class EventLine:
    """One event; ``source`` is the host or the file that it comes from."""

    source: str
    channel: LifecycleLog
    record_id: int | None
    id: int
    meaning: str
    time: datetime | None
    action: str | None
    certificate: EventCertificate | None
    old: EventCertificate | None
    new: EventCertificate | None
    process: str | None
    account: str | None
    computer: str | None
    notes: tuple[str, ...]


def event_line(source: str, event: LifecycleEvent) -> EventLine:
    """An event with its meaning."""
    return EventLine(
        source=source,
        channel=event.channel,
        record_id=event.record_id,
        id=event.id,
        meaning=event.meaning,
        time=event.time,
        action=event.action,
        certificate=event.certificate,
        old=event.old,
        new=event.new,
        process=event.process,
        account=event.account,
        computer=event.computer,
        notes=event.notes,
    )


def event_row(line: EventLine) -> dict[str, object]:
    """An event for a table."""
    sides = [one for one in (line.old, line.new, line.certificate) if one]
    names = [name for one in sides for name in one.names if "=" not in name]
    told = {one.name for one in sides}
    others = [one for one in names if one not in told]
    return {
        "time": shown(line.time),
        "channel": line.channel.value,
        "record": line.record_id,
        "event": f"{line.id} {line.meaning}",
        "action": line.action,
        "certificate": change(*((one.name, one.thumbprint or "?") for one in sides)),
        "other_names": list(
            dict.fromkeys(others if names else [name for one in sides for name in one.names])
        ),
        "notes": list(line.notes),
    }


def narrowed(found: Found, digits: str, host: str) -> Found:
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


def reach_sentence(log: ChannelEvents, since: datetime | None = None) -> str:
    """Whether a log is on, and how far back it reaches."""
    whose = "of users" if "Lifecycle-User" in log.channel else "of the computer"
    # Not "the system log": Windows has another one of that name.
    name = f"the certificate lifecycle log {whose}"
    if log.enabled is None:
        return f"{name}, {log.channel}, is not there on this Windows"
    state = "on" if log.enabled else "off: it records nothing now"
    if log.oldest is None:
        return f"{name} is {state}; it is empty"
    records = "1 event" if log.records == 1 else f"{log.records} events"
    told = f"{name} is {state}; it has {records} and reaches back to {shown(log.oldest)}"
    later = since is not None and log.oldest > since
    return f"{told}, not to {shown(since)}" if later else told


def unreadable_sentence(reason: str) -> str:
    """What is said of an event that could not be decoded."""
    return f"an event could not be read: it {reason}"


def cut_sentences(logs: Sequence[ChannelEvents], newest: int) -> list[str]:
    """What was left out of logs that had more than was asked for."""
    cut = [log.channel for log in logs if is_truncated(log, newest)]
    return [f"only the newest {newest} of {channel} were asked for" for channel in cut]
