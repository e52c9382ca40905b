"""Handshakes before and after, compared: what a change did to the clients of a place.

Reported apart from configuration, since Schannel may follow a renewal link (field notes A7).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from psrebind.model import Place
from psrebind.rebind.handshake import Handshake, Unseen, handshakes
from psrebind.rebind.other_addresses import OtherAddress, probe_shadows
from psrebind.services import service
from psrebind.services.observation import Observation
from psrebind.services.steps import Endpoint, Shadow, Step
from psrebind.sessions.base import Limits

_PAUSE = 0.25
Probed = TypeVar("Probed", "Check", OtherAddress)


class Verdict(StrEnum):
    """What clients see after a change, from best to worst."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    PENDING = "pending"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """The handshakes of one place of a step; ``after`` is None before anything was changed.

    ``failed`` says that the host did not do what the step wanted; ``others`` are the addresses
    where something else may answer in the place's stead. No endpoint: clients do not speak TLS.
    """

    step: Step
    place: Place
    endpoint: Endpoint | None
    before: Handshake
    after: Handshake | None = None
    failed: bool = False
    others: tuple[OtherAddress, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The comparison, once there is something to compare; a failed step has only a harm.

        The worst that clients of any of its addresses see.
        """
        if self.after is None:
            return None
        found = [verdict(self.before, self.after, self.step)]
        found += [self._verdict(one) for one in self.others]
        worst = max(found, key=list(Verdict).index)
        return worst if worst is Verdict.BROKEN or not self.failed else None

    @property
    def elsewhere(self) -> str | None:
        """What answers at the addresses where the new certificate is not served."""
        if self.after is None or self.failed:
            return None
        other = [one for one in self.others if self._verdict(one) is not Verdict.VERIFIED]
        return "; ".join(map(str, other)) or None

    def _verdict(self, one: OtherAddress) -> Verdict:
        return verdict(one.before, one.after or one.before, self.step)

    @property
    def unsure(self) -> bool:
        """Whether a person should look: the old one is served, or nobody had the time to look."""
        seen = (self.after, *(one.after for one in self.others))
        return self.verdict is Verdict.PENDING or any(isinstance(one, Unseen) for one in seen)

    @property
    def settled(self) -> bool:
        """Whether another look can show nothing that is hoped for."""
        return self.failed or self.verdict is Verdict.VERIFIED


def verdict(before: Handshake, after: Handshake, step: Step) -> Verdict:
    """Compare two handshakes with what a step wanted."""
    if after.thumbprint == step.after:
        return Verdict.VERIFIED
    if isinstance(after, Unseen):
        return Verdict.UNVERIFIED
    if after.thumbprint is None:
        return Verdict.UNVERIFIED if before.thumbprint is None else Verdict.BROKEN
    if after.thumbprint == step.before:
        return Verdict.PENDING
    # Something else answers there, a proxy or a record that shadows this one, as it did before.
    return Verdict.UNVERIFIED if after.thumbprint == before.thumbprint else Verdict.BROKEN


def probe_before(
    steps: Sequence[Step],
    address: str,
    *,
    observation: Observation | None = None,
    limits: Limits,
    timeout: float = 5.0,
) -> tuple[Check, ...]:
    """Knock at every place of the steps before anything is changed, and where something else of
    what was observed may answer in its stead."""
    asked = [
        (step, place, service(step.service).endpoint(place, address))
        for step in steps
        for place in step.places
    ]
    found = handshakes([endpoint for _, _, endpoint in asked], timeout=timeout, limits=limits)
    checks = tuple(Check(*one, answer) for one, answer in zip(asked, found, strict=True))
    if observation is None:
        return checks
    others = probe_shadows(_shadows(checks, observation), timeout, limits)
    return tuple(replace(one, others=more) for one, more in zip(checks, others, strict=True))


def _shadows(checks: Sequence[Check], observation: Observation) -> list[list[Shadow]]:
    """For each place, what may answer in its stead at another address than its own."""
    found: list[list[Shadow]] = []
    for name, group in groupby(checks, key=lambda check: check.step.service):
        own = list(group)
        every = service(name).shadows(observation, [check.place for check in own])
        for check, shadows in zip(own, every, strict=True):
            address = check.endpoint.address if check.endpoint else None
            found.append([one for one in shadows if one.endpoint.address != address])
    return found


def probe_after(
    checks: Sequence[Check], *, patience: float, limits: Limits, timeout: float = 5.0
) -> tuple[Check, ...]:
    """Knock again, and for a while at those that do not yet serve the new certificate."""
    end = time.monotonic() + patience
    current = _probe(checks, timeout, limits)
    while any(
        check.verdict in (Verdict.PENDING, Verdict.BROKEN) for check in current if not check.settled
    ):
        if time.monotonic() >= end or limits.reached or limits.cancelled.wait(_PAUSE):
            break
        open_ones = [check for check in current if not check.settled]
        fresh = iter(_probe(open_ones, timeout, limits))
        current = tuple(check if check.settled else next(fresh) for check in current)
    return current


def _probe(checks: Sequence[Check], timeout: float, limits: Limits) -> tuple[Check, ...]:
    endpoints = [
        endpoint
        for check in checks
        for endpoint in (check.endpoint, *(one.endpoint for one in check.others))
    ]
    found = iter(handshakes(endpoints, timeout=timeout, limits=limits))
    return tuple(
        replace(
            _with(check, next(found)), others=tuple(_with(one, next(found)) for one in check.others)
        )
        for check in checks
    )


def _with(probed: Probed, answer: Handshake) -> Probed:
    # What was seen in an earlier round says more than that nobody looked once more.
    kept = probed.after and isinstance(answer, Unseen)
    return probed if kept else replace(probed, after=answer)
