"""Lifecycle events as lines, and in a sentence how far back their log reaches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psrebind.cli.moments import shown
from psrebind.decode.events import Channel, EventCertificate, LifecycleEvent
from psrebind.operations.get_lifecycle_event import ChannelEvents, UnreadableEvent, is_cut


@dataclass(frozen=True)
class Found:
    """The logs of a host, and the events in them."""

    logs: Sequence[ChannelEvents]
    events: Sequence[LifecycleEvent | UnreadableEvent]


@dataclass(frozen=True)
class EventLine:
    """One event; ``source`` is the host or the file that it comes from."""

    source: str
    channel: Channel
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
    thumbprints = [one.thumbprint or "?" for one in sides]
    names = [name for one in sides for name in one.names if "=" not in name]
    return {
        "time": shown(line.time),
        "channel": line.channel.value,
        "record": line.record_id,
        "event": f"{line.id} {line.meaning}",
        "action": line.action,
        "certificate": " → ".join(thumbprints),
        "names": list(dict.fromkeys(names or [name for one in sides for name in one.names])),
        "notes": list(line.notes),
    }


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
    cut = [log.channel for log in logs if is_cut(log, newest)]
    return [f"only the newest {newest} of {channel} were asked for" for channel in cut]
