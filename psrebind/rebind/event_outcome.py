"""Whether what an event tells of has reached the places of its host. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from psrebind.decode.events import LifecycleEvent
from psrebind.model import Place, Renewal
from psrebind.phrase import count_of
from psrebind.rebind.renewals import RenewalChain, event_name


class Handled(StrEnum):
    """Whether what an event tells of has reached the bindings."""

    YES = "handled"
    NO = "not handled"
    OVERTAKEN = "overtaken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class EventOutcome:
    """What became of one event, and what shows it."""

    handled: Handled
    why: str


def event_outcome(
    event: LifecycleEvent,
    places: Sequence[Place] | None,
    chains: Iterable[RenewalChain],
    *,
    events: Iterable[LifecycleEvent] = (),
) -> EventOutcome:
    """What became of an event 1001; None for places that could not be read.

    ``events`` are all of its log: a later one may have put the old certificate back.
    """
    renewal = event.renewal
    if renewal is None:
        return EventOutcome(Handled.UNKNOWN, "it does not name an old and a new certificate")
    if places is None:
        return EventOutcome(Handled.UNKNOWN, "the bindings could not be read")
    if count := sum(one.thumbprint == renewal.old for one in places):
        if back := _put_back(event, renewal, events):
            why = f"{event_name(back)} put the old certificate back in its place"
            return EventOutcome(Handled.OVERTAKEN, why)
        why = f"the old certificate is still on {count_of(count, 'binding')}"
        return EventOutcome(Handled.NO, why)
    later = {renewal.new}
    for chain in chains:
        if chain.old in (renewal.old, renewal.new):
            later |= {step.new for step in chain.steps}
    if count := sum(one.thumbprint in later for one in places):
        return EventOutcome(Handled.YES, f"the new certificate is on {count_of(count, 'binding')}")
    return EventOutcome(
        Handled.UNKNOWN,
        "no binding has either certificate, so IIS may never have used the old one",
    )


def _put_back(
    event: LifecycleEvent, renewal: Renewal, events: Iterable[LifecycleEvent]
) -> LifecycleEvent | None:
    """The later event that leads from the new certificate to the old one again."""
    reached = {renewal.new}
    later = [one for one in events if _is_later(one, event)]
    for one in sorted(later, key=lambda found: (found.record_id or 0, str(found.time))):
        following = one.renewal
        if following and following.old in reached:
            reached.add(following.new)
        if renewal.old in reached:
            return one
    return None


def _is_later(one: LifecycleEvent, other: LifecycleEvent) -> bool:
    if one.record_id is None or other.record_id is None:
        return bool(one.time and other.time and one.time > other.time)
    return one.record_id > other.record_id
