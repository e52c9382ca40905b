"""What speaks against telling a host that one certificate replaced another. Pure.

What its tasks do at the notice asks nothing: the rules of a rebind are asked before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psrebind.model import Certificate, Place, Renewal
from psrebind.rebind.plan import plan
from psrebind.services.observation import Observation
from psrebind.services.rules import (
    Finding,
    Rule,
    certificate_findings,
    entry_findings,
    may_serve,
    name_findings,
)


@dataclass(frozen=True)
class Objection:
    """Why a host should not be told: a rule, one sentence, and the place that it is about."""

    rule: Rule
    reason: str
    place: Place | None = None


def objections(observation: Observation, renewal: Renewal) -> tuple[Objection, ...]:
    """What a rebind by this renewal would be refused for; of a certificate on no place, too."""
    if any(one.thumbprint == renewal.old for one in observation.places):
        refusals = plan(observation, renewal).refusals
        return tuple(Objection(one.rule, one.reason, one.place) for one in refusals)
    return tuple(Objection(*finding) for finding in _of_unbound(observation, renewal))


def _of_unbound(observation: Observation, renewal: Renewal) -> Iterator[Finding]:
    """What any program would stumble over that takes the new one in place of the old one."""
    held = (observation.stored(store, renewal.new) for store in observation.stores)
    new = next((one for one in held if one), None)
    if new is None:
        # The script itself says which of the two is in no store.
        return
    yield from entry_findings(new, new.store)
    if not isinstance(new, Certificate):
        return
    old = observation.anywhere(renewal.old)
    for_servers = old is None or may_serve(old)
    for rule, reason in certificate_findings(new, observation.clock):
        if for_servers or rule is not Rule.NOT_FOR_SERVERS:
            yield rule, reason
    if old:
        yield from name_findings(old, new, "")
