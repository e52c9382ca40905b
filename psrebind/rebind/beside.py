"""Handshakes at exact addresses, where a record may answer in place of a binding's own.

An address that does not answer from here is left out: nobody here can say what is served there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psrebind.model import Binding, Record
from psrebind.rebind.handshake import Endpoint, Handshake, endpoint_at, handshakes
from psrebind.sessions.base import Limits


@dataclass(frozen=True)
class Beside:
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


def looked_beside(
    wanted: Sequence[Sequence[tuple[Record, Binding]]], timeout: float, limits: Limits
) -> tuple[tuple[Beside, ...], ...]:
    """Knock for each binding at the addresses of records, once at one that does not answer."""
    places = [[(record, endpoint_at(binding, record)) for record, binding in one] for one in wanted]
    every = list(dict.fromkeys(place for one in places for _, place in one))
    first: dict[tuple[str, int], Endpoint] = {}
    for place in every:
        first.setdefault((place.address, place.port), place)
    answers = _answers(list(first.values()), timeout, limits)
    open_ones = {(one.address, one.port) for one, answer in answers.items() if answer.thumbprint}
    rest = [one for one in every if one not in answers and (one.address, one.port) in open_ones]
    answers |= _answers(rest, timeout, limits)
    return tuple(
        tuple(
            Beside(f"{record.kind}={record.endpoint}", place, answers[place])
            for record, place in one
            if (place.address, place.port) in open_ones
        )
        for one in places
    )


def _answers(
    places: Sequence[Endpoint], timeout: float, limits: Limits
) -> dict[Endpoint, Handshake]:
    return dict(zip(places, handshakes(places, timeout=timeout, limits=limits), strict=True))
