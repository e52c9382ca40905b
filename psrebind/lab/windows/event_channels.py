"""Event channels as Windows keeps them: what is written, and what rolls over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL

# The size of a new operational channel, and how its file grows.
DEFAULT_SIZE = 1028 * 1024
HEADER, CHUNK = 4096, 65536


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event as it lies in a channel; level 4 is informational.

    Of one that is not ``shown`` Windows cannot make a text.
    """

    record_id: int
    provider: str
    id: int
    time: datetime
    xml: str
    level: int = 4
    shown: bool = True


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One channel; record ids go on when events roll over or the channel is off.

    Its ``trouble`` is "denied", where nobody may read it, or "torn", where each read after its
    events is an error again.
    """

    name: str
    enabled: bool = True
    maximum_size: int = DEFAULT_SIZE
    next_record: int = 1
    events: tuple[Event, ...] = ()
    trouble: str = ""

    @property
    def file_size(self) -> int:
        """Return the size of its file: a header and whole chunks."""
        return HEADER + CHUNK * max(1, math.ceil(_size(self.events) / CHUNK))


def lifecycle_channels() -> tuple[Channel, ...]:
    """Return both certificate lifecycle channels as a new Windows has them: on and empty."""
    return (Channel(name=SYSTEM_CHANNEL), Channel(name=USER_CHANNEL))


def find_channel(channels: Sequence[Channel], name: str) -> Channel | None:
    """Return a channel by its name, without case."""
    return next((one for one in channels if one.name.casefold() == name.casefold()), None)


def put_channel(channels: Sequence[Channel], channel: Channel) -> tuple[Channel, ...]:
    """Return the channels with one replaced by its new state."""
    return tuple(channel if one.name == channel.name else one for one in channels)


def append(channel: Channel, make: Callable[[int], Event]) -> Channel:
    """Return the channel after an event: off, it records nothing; full, its oldest events go."""
    if not channel.enabled:
        return channel
    events = (*channel.events, make(channel.next_record))
    grown = replace(channel, events=events, next_record=channel.next_record + 1)
    while grown.file_size > grown.maximum_size and len(grown.events) > 1:
        grown = replace(grown, events=grown.events[1:])
    return grown


def _size(events: Sequence[Event]) -> int:
    return sum(len(event.xml) for event in events)
