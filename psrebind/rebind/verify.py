"""Handshakes before and after, compared: what a change did to the clients of a binding.

Reported apart from configuration, since Schannel may follow a renewal link (field notes A7).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from psrebind.model import Binding
from psrebind.rebind.handshake import Endpoint, Handshake, Unseen, endpoint, handshakes
from psrebind.rebind.plan import Step
from psrebind.sessions.base import Limits

_PAUSE = 0.25


class Verdict(StrEnum):
    """What clients see after a change, from best to worst."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    PENDING = "pending"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """The handshakes of one binding of a step; ``after`` is None before anything was changed.

    ``failed`` says that the host did not do what the step wanted.
    """

    step: Step
    binding: Binding
    endpoint: Endpoint
    before: Handshake
    after: Handshake | None = None
    failed: bool = False

    @property
    def verdict(self) -> Verdict | None:
        """The comparison, once there is something to compare; a failed step has only a harm."""
        if self.after is None:
            return None
        found = verdict(self.before, self.after, self.step)
        return found if found is Verdict.BROKEN or not self.failed else None

    @property
    def unsure(self) -> bool:
        """Whether a person should look: the old one is served, or nobody had the time to look."""
        return self.verdict is Verdict.PENDING or isinstance(self.after, Unseen)

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
    steps: Sequence[Step], address: str, *, limits: Limits, timeout: float = 5.0
) -> tuple[Check, ...]:
    """Knock at every binding of the steps before anything is changed."""
    places = [(step, one, endpoint(one, address)) for step in steps for one in step.bindings]
    found = handshakes([place for _, _, place in places], timeout=timeout, limits=limits)
    return tuple(Check(*place, answer) for place, answer in zip(places, found, strict=True))


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
    found = handshakes([check.endpoint for check in checks], timeout=timeout, limits=limits)
    return tuple(_with(one, answer) for one, answer in zip(checks, found, strict=True))


def _with(check: Check, answer: Handshake) -> Check:
    # What was seen in an earlier round says more than that nobody looked once more.
    kept = check.after and isinstance(answer, Unseen)
    return check if kept else replace(check, after=answer)
