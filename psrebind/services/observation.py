"""What was read of one host, and the places of it that change together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from psrebind.model import (
    STORES,
    Certificate,
    Place,
    Renewal,
    Thumbprint,
    UnreadableCertificate,
    UntouchedPlace,
    find_certificate,
)
from psrebind.operations.get_host import Host
from psrebind.services.rules import Finding


class Reading(Protocol):
    """What one service of a host answered: its places, and those of it that no plan changes."""

    @property
    def places(self) -> Sequence[Place]: ...

    @property
    def untouched(self) -> Sequence[UntouchedPlace]: ...


@dataclass(frozen=True)
class Places:
    """The reading of a service whose places can all be rebound."""

    places: Sequence[Place]
    untouched: Sequence[UntouchedPlace] = ()


@dataclass(frozen=True)
class Observation:
    """One host at one moment; ``clock`` is its own, ``stores`` are those that were read.

    ``readings`` has what each service answered, by its name, in the order of the services.
    """

    host: Host
    clock: datetime
    certificates: tuple[Certificate, ...]
    unreadable: tuple[UnreadableCertificate, ...]
    readings: Mapping[str, Reading] = field(default_factory=dict)
    stores: tuple[str, ...] = STORES

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of all services."""
        return tuple(place for one in self.readings.values() for place in one.places)

    @property
    def untouched(self) -> tuple[UntouchedPlace, ...]:
        """The places of all services that no plan changes."""
        return tuple(place for one in self.readings.values() for place in one.untouched)

    def stored(self, store: str, thumbprint: str) -> Certificate | UnreadableCertificate | None:
        """The certificate in one store."""
        return find_certificate((*self.certificates, *self.unreadable), store, thumbprint)

    def anywhere(self, thumbprint: Thumbprint) -> Certificate | None:
        """A readable copy of a certificate, of whatever store."""
        copies = (one for one in self.certificates if one.thumbprint == thumbprint)
        return next(copies, None)


@dataclass(frozen=True)
class Case:
    """Places that change together, and all that was seen around them.

    ``target`` names what changes on the host, ``state`` is how it shall be beside its certificate.
    ``findings`` are what speaks against it beside the rules of every certificate; ``repair`` says
    what an earlier change left undone.
    """

    observation: Observation
    renewal: Renewal
    places: tuple[Place, ...]
    store: str
    target: str
    state: Any
    findings: tuple[Finding, ...] = ()
    repair: str | None = None

    @property
    def new(self) -> Certificate | UnreadableCertificate | None:
        """The new certificate in the store that the places need."""
        return self.observation.stored(self.store, self.renewal.new)

    @property
    def readable_new(self) -> Certificate | None:
        """The new certificate, or a copy of it in another store where that one says nothing."""
        new = self.new
        return new if isinstance(new, Certificate) else self.observation.anywhere(self.renewal.new)

    @property
    def old(self) -> Certificate | None:
        """A readable copy of the old certificate; which store it lies in does not matter."""
        return self.observation.anywhere(self.renewal.old)

    @property
    def absent(self) -> str | None:
        """Why the new certificate is surely not in the store; None if it is, or nobody looked.

        An archived one is there, and appcmd finds it by its hash (docs/windows.md).
        """
        was_read = self.store.lower() in {store.lower() for store in self.observation.stores}
        if self.new is not None or not was_read:
            return None
        copy = self.observation.anywhere(self.renewal.new)
        where = f" (but in {copy.store})" if copy else ""
        return (
            f"{self.renewal.new} is not in the store {self.store}{where}: "
            "import it there, with its key"
        )
