"""Lifecycle events as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from psrebind.phrase import format_time, name_renewal

if TYPE_CHECKING:
    from psrebind.decode.events import EventCertificate, LifecycleEvent, LifecycleLog


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

    @classmethod
    def of(cls, source: str, event: LifecycleEvent) -> Self:
        """An event with its meaning."""
        return cls(
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
        "time": format_time(line.time),
        "channel": line.channel.value,
        "record": line.record_id,
        "event": f"{line.id} {line.meaning}",
        "action": line.action,
        "certificate": name_renewal(*((one.name, one.thumbprint or "?") for one in sides)),
        "other_names": list(
            dict.fromkeys(others if names else [name for one in sides for name in one.names])
        ),
        "notes": list(line.notes),
    }
