"""Where hosts have a certificate: bound, or in a store; and what is nearest to it elsewhere. Pure.

A digit typed wrong looks like work that was done long ago: no binding has the certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from psrebind.model import Thumbprint
from psrebind.services.observation import Observation


@dataclass(frozen=True)
class Nearest:
    """A certificate whose digits are near those that were asked for: a host has it."""

    thumbprint: Thumbprint
    name: str
    host: str
    likeness: int

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name else ""
        return f"{self.thumbprint}{name} on {self.host}"


@dataclass
class Search:
    """Looks for the old certificate in the plans of all hosts of a run."""

    old: Thumbprint | None = None
    without: list[str] = field(default_factory=list)
    found: bool = False
    nearest: Nearest | None = None

    def add(self, host: str, observation: Observation, old: Thumbprint, *, done: bool) -> None:
        """Note whether a host has the certificate; ``done`` where it was replaced already."""
        has = done or old in _in_places(observation) or _stores(observation, old)
        self.old = old
        if has:
            self.found = True
            return
        self.without.append(host)
        near = max(_near(host, observation, old), key=lambda one: one.likeness, default=None)
        if near and (self.nearest is None or near.likeness > self.nearest.likeness):
            self.nearest = near

    @property
    def complaint(self) -> str | None:
        """Why the certificate was surely not meant; None where some host has it, or none said."""
        if self.found or not self.without:
            return None
        count = len(self.without)
        hosts = self.without[0] if count == 1 else f"none of the {count} hosts that answered"
        has = "has no certificate" if count == 1 else "has the certificate"
        near = f"; the nearest is {self.nearest}" if self.nearest else ""
        return f"{hosts} {has} {self.old}, neither bound nor in a store{near}"


def unbound_words(observation: Observation, old: Thumbprint, place: str = "binding") -> str:
    """What is said of a certificate that no binding has: where it lies all the same."""
    if stores := _stores(observation, old):
        return f"no {place} has {old}, which is in the store {' and in '.join(stores)}"
    return f"no {place} has {old}, and no store that was read"


def _in_places(observation: Observation) -> Iterator[Thumbprint]:
    every = (*observation.places, *observation.untouched)
    return (one.thumbprint for one in every if one.thumbprint)


def _stores(observation: Observation, old: Thumbprint) -> list[str]:
    return [store for store in observation.stores if observation.stored(store, old)]


def _near(host: str, observation: Observation, old: Thumbprint) -> Iterator[Nearest]:
    """Every certificate of a host with its likeness; of two alike the bound one comes first."""
    for thumbprint in _in_places(observation):
        held = observation.anywhere(thumbprint)
        name = (held.common_name or held.subject) if held else ""
        yield Nearest(thumbprint, name, host, _alike(old, thumbprint))
    for one in observation.certificates:
        name = one.common_name or one.subject
        yield Nearest(one.thumbprint, name, host, _alike(old, one.thumbprint))


def _alike(one: str, other: str) -> int:
    """How many digits two thumbprints share: place by place, or about one place that is odd.

    A digit left out moves all that follow it.
    """
    places = sum(a == b for a, b in zip(one, other, strict=True))
    before = next((at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), 40)
    moved = sum(a == b for a, b in zip(one[before:], other[before + 1 :], strict=False))
    back = sum(a == b for a, b in zip(one[before + 1 :], other[before:], strict=False))
    return max(places, before + moved, before + back)
