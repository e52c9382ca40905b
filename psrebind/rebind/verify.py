"""Handshakes before and after, compared: what a change did to the clients of a binding.

Reported apart from configuration, since Schannel may follow a renewal link (field notes A7).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from psrebind.decode.bindings import IisBindings
from psrebind.model import Binding, Record
from psrebind.rebind.beside import Beside, looked_beside
from psrebind.rebind.handshake import Endpoint, Handshake, Unseen, endpoint, handshakes
from psrebind.rebind.plan import Step
from psrebind.sessions.base import Limits

_PAUSE = 0.25
Looked = TypeVar("Looked", "Check", Beside)


class Verdict(StrEnum):
    """What clients see after a change, from best to worst."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    PENDING = "pending"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """The handshakes of one binding of a step; ``after`` is None before anything was changed.

    ``failed`` says that the host did not do what the step wanted; ``beside`` are the addresses
    where another record may answer in the binding's place.
    """

    step: Step
    binding: Binding
    endpoint: Endpoint
    before: Handshake
    after: Handshake | None = None
    failed: bool = False
    beside: tuple[Beside, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The comparison, once there is something to compare; a failed step has only a harm.

        The worst that clients of any of its addresses see.
        """
        if self.after is None:
            return None
        found = [verdict(self.before, self.after, self.step)]
        found += [self._verdict(one) for one in self.beside]
        worst = max(found, key=list(Verdict).index)
        return worst if worst is Verdict.BROKEN or not self.failed else None

    @property
    def elsewhere(self) -> str | None:
        """What answers at the addresses where the new certificate is not served."""
        if self.after is None or self.failed:
            return None
        other = [one for one in self.beside if self._verdict(one) is not Verdict.VERIFIED]
        return "; ".join(map(str, other)) or None

    def _verdict(self, one: Beside) -> Verdict:
        return verdict(one.before, one.after or one.before, self.step)

    @property
    def unsure(self) -> bool:
        """Whether a person should look: the old one is served, or nobody had the time to look."""
        seen = (self.after, *(one.after for one in self.beside))
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


def first_look(
    steps: Sequence[Step],
    address: str,
    *,
    bindings: IisBindings | None = None,
    limits: Limits,
    timeout: float = 5.0,
) -> tuple[Check, ...]:
    """Knock at every binding of the steps before anything is changed, and where another record
    may answer in its place."""
    places = [(step, one, endpoint(one, address)) for step in steps for one in step.bindings]
    found = handshakes([place for _, _, place in places], timeout=timeout, limits=limits)
    checks = tuple(Check(*place, answer) for place, answer in zip(places, found, strict=True))
    if bindings is None:
        return checks
    shadows = bindings.shadows(check.binding for check in checks)
    wanted = [
        tuple((record, one.binding) for record in records if one.endpoint.address != _bare(record))
        for one, records in zip(checks, shadows, strict=True)
    ]
    beside = looked_beside(wanted, timeout, limits)
    return tuple(replace(one, beside=more) for one, more in zip(checks, beside, strict=True))


def second_look(
    checks: Sequence[Check], *, patience: float, limits: Limits, timeout: float = 5.0
) -> tuple[Check, ...]:
    """Knock again, and for a while at those that do not yet serve the new certificate."""
    end = time.monotonic() + patience
    current = _looked(checks, timeout, limits)
    while any(
        check.verdict in (Verdict.PENDING, Verdict.BROKEN) for check in current if not check.settled
    ):
        if time.monotonic() >= end or limits.reached or limits.cancelled.wait(_PAUSE):
            break
        open_ones = [check for check in current if not check.settled]
        fresh = iter(_looked(open_ones, timeout, limits))
        current = tuple(check if check.settled else next(fresh) for check in current)
    return current


def _looked(checks: Sequence[Check], timeout: float, limits: Limits) -> tuple[Check, ...]:
    places = [
        place
        for check in checks
        for place in (check.endpoint, *(one.endpoint for one in check.beside))
    ]
    found = iter(handshakes(places, timeout=timeout, limits=limits))
    return tuple(
        replace(
            _with(check, next(found)), beside=tuple(_with(one, next(found)) for one in check.beside)
        )
        for check in checks
    )


def _with(looked: Looked, answer: Handshake) -> Looked:
    # What was seen in an earlier round says more than that nobody looked once more.
    kept = looked.after and isinstance(answer, Unseen)
    return looked if kept else replace(looked, after=answer)


def _bare(record: Record) -> str:
    return record.endpoint.rpartition(":")[0].strip("[]")
