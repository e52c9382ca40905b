"""Handshakes at exact addresses, where something may answer in the stead of a place.

An address that does not answer from here is left out: nobody here can say what is served there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psrebind.rebind.handshake import Handshake, handshakes
from psrebind.services.steps import Endpoint, Shadow
from psrebind.sessions.base import Limits


@dataclass(frozen=True)
class OtherAddress:
    """One such address that answers, and the record that may be in the way."""

    record: str
    endpoint: Endpoint
    before: Handshake
    after: Handshake | None = None

    def __str__(self) -> str:
        """What clients of that address get, in one clause."""
        served = (self.after or self.before).thumbprint
        what = f"{served.short} is served" if served else "nothing is served"
        return f"at {self.endpoint.address} {what}: the record {self.record} is in the way"


def probe_shadows(
    shadows: Sequence[Sequence[Shadow]], timeout: float, limits: Limits
) -> tuple[tuple[OtherAddress, ...], ...]:
    """Knock for each place at its shadows' endpoints, once at an address that does not answer."""
    every = list(dict.fromkeys(shadow.endpoint for one in shadows for shadow in one))
    first: dict[tuple[str, int], Endpoint] = {}
    for endpoint in every:
        first.setdefault((endpoint.address, endpoint.port), endpoint)
    answers = _answers(list(first.values()), timeout, limits)
    open_ones = {(one.address, one.port) for one, answer in answers.items() if answer.thumbprint}
    rest = [one for one in every if one not in answers and (one.address, one.port) in open_ones]
    answers |= _answers(rest, timeout, limits)
    return tuple(
        tuple(
            OtherAddress(shadow.name, shadow.endpoint, answers[shadow.endpoint])
            for shadow in one
            if (shadow.endpoint.address, shadow.endpoint.port) in open_ones
        )
        for one in shadows
    )


def _answers(
    endpoints: Sequence[Endpoint], timeout: float, limits: Limits
) -> dict[Endpoint, Handshake]:
    return dict(zip(endpoints, handshakes(endpoints, timeout=timeout, limits=limits), strict=True))
