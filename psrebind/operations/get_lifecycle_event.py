"""Read certificate lifecycle events, and how far back their logs reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from psrebind.decode.event_files import EventFile, read_events
from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL, LifecycleEvent
from psrebind.errors import DecodeError, ParameterError
from psrebind.model import Thumbprint
from psrebind.operations.base import Query
from psrebind.replies import Body
from psrebind.thumbprints import whole

NEWEST = 1000
LOST_LETTERS = "it was read through the host's console: letters that this lacks came as ?"
_SIDES = ("CertificateDetails", "OldCertificateDetails", "NewCertificateDetails")


@dataclass(frozen=True)
class ChannelEvents:
    """One row: ``enabled`` is None where there is no such log; ``oldest`` is its first event.

    What came through a ``console`` has a question mark for each letter that its code page lacks.
    """

    channel: str
    enabled: bool | None
    records: int | None
    oldest: datetime | None
    events: tuple[str, ...]
    console: bool = False


@dataclass(frozen=True)
class UnreadableEvent:
    """An event that could not be decoded, and why; never dropped in silence."""

    channel: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class GetLifecycleEvent(Query[ChannelEvents]):
    """Read certificate lifecycle events, and how far back their logs reach."""

    channels: tuple[str, ...] = (SYSTEM_CHANNEL,)
    query: str = "*"
    newest: int = NEWEST

    @classmethod
    def of(cls, *, channel: str, newest: int, digits: str | None = None, **wanted: Any) -> Self:
        """The question for the logs of the ``system``, the ``user`` or ``both``; the rest is for
        event_query. An event's own query cannot ask how a text begins: short digits are left out.
        """
        channels = {"system": (SYSTEM_CHANNEL,), "user": (USER_CHANNEL,)}
        query = event_query(**wanted, thumbprint=whole(digits) if digits else None)
        both = (SYSTEM_CHANNEL, USER_CHANNEL)
        return cls(channels=channels.get(channel, both), query=query, newest=newest)

    def __post_init__(self) -> None:
        """Refuse a count that the log would."""
        if self.newest < 1:
            raise ParameterError("newest is at least 1", operation=self.name(), field="newest")

    def result(self, body: Body) -> Sequence[LifecycleEvent | UnreadableEvent]:
        """The events of all channels, newest first in each, then what cannot be read."""
        files = [decode_channel(row) for row in self.rows(body)]
        events: list[LifecycleEvent | UnreadableEvent] = []
        for file in files:
            events += [
                *file.events,
                *(UnreadableEvent(file.name, e.reason) for e in file.unreadable),
            ]
        return events


def decode_channel(row: ChannelEvents) -> EventFile:
    """The events of one channel; the raw XML may come in pieces of a line.

    What is no event at all is one that cannot be read: the host said it, and no input is wrong.
    """
    if not row.events:
        return EventFile(row.channel, (), (), 0)
    try:
        file = read_events("\n".join(row.events).encode("utf-8", "replace"), row.channel)
    except DecodeError as error:
        return EventFile(row.channel, (), (error,), 0)
    if not row.console:
        return file
    return replace(file, events=tuple(_with_lost_letters(one) for one in file.events))


def _with_lost_letters(event: LifecycleEvent) -> LifecycleEvent:
    """The event, with a note where a text of it may have lost letters."""
    sides = [one for one in (event.certificate, event.old, event.new) if one]
    texts = [event.computer, event.action, event.process, event.account, event.context]
    texts += [text for one in sides for text in (one.template, *one.names)]
    if not any("?" in text for text in texts if text):
        return event
    return replace(event, notes=(*event.notes, LOST_LETTERS))


def is_truncated(row: ChannelEvents, newest: int) -> bool:
    """Whether a log gave as many events as it was asked for, so that it may have more."""
    # Pieces of a line are more than their events, never fewer.
    if len(row.events) < newest:
        return False
    file = decode_channel(row)
    return len(file.events) + len(file.unreadable) + file.others >= newest


def event_query(
    *,
    ids: Sequence[int] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    thumbprint: Thumbprint | None = None,
    record: int | None = None,
) -> str:
    """The XPath, in the event log's subset, of the events that all of these fit."""
    parts = []
    if ids:
        parts.append(f"({' or '.join(f'EventID={number:d}' for number in ids)})")
    parts += [f"TimeCreated[@SystemTime>='{_moment(since)}']"] if since else []
    parts += [f"TimeCreated[@SystemTime<='{_moment(until)}']"] if until else []
    parts += [f"EventRecordID={record:d}"] if record is not None else []
    system = f"*[System[{' and '.join(parts)}]]" if parts else "*"
    return f"{system} and {_names(thumbprint)}" if thumbprint else system


def _names(thumbprint: Thumbprint) -> str:
    # Windows writes lower case (field notes A4); a comparison of the log knows case.
    same = " or ".join(f"@Thumbprint='{text}'" for text in (thumbprint.lower(), thumbprint))
    sides = (f"*[UserData[CertNotificationData[{side}[{same}]]]]" for side in _SIDES)
    return f"({' or '.join(sides)})"


def _moment(moment: datetime) -> str:
    # Not strftime, whose %Y has fewer than four digits of an early year.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
