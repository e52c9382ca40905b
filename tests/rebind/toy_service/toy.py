"""A service of the tests, whole: listeners that hold a certificate, with a port or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psrebind.model import Thumbprint
from psrebind.operations.base import Change, Query
from psrebind.replies import Body
from psrebind.services.base import Service
from psrebind.services.observation import Case, Places
from psrebind.services.steps import Endpoint


@dataclass(frozen=True)
class Listener:
    """One row: a listener, which is a place."""

    name: str
    port: int
    store: str
    thumbprint: Thumbprint | None
    service: ClassVar[str] = "toy"


@dataclass(frozen=True, kw_only=True)
class GetToyListener(Query[Listener]):
    """Read all listeners."""


@dataclass(frozen=True)
class ListenerChange:
    """One row: the certificate before and after."""

    before: Thumbprint
    after: Thumbprint
    changed: bool


@dataclass(frozen=True, kw_only=True)
class SetToyListener(Change[ListenerChange]):
    """Put a certificate on one listener."""

    listener: str
    expected: Thumbprint | None
    thumbprint: Thumbprint

    def problem(self, row: ListenerChange) -> str | None:
        """Another certificate than the one that was wanted."""
        return None if row.after == self.thumbprint else f"it has {row.after}"


@dataclass(frozen=True, kw_only=True)
class Toy(Service[Listener, Places]):
    """Listeners."""

    def read(self, body: Body) -> Places:
        """Each row is a place."""
        return Places(self.query.rows(body))

    def change(self, case: Case, place: Listener) -> SetToyListener:
        """The change of the listener."""
        return SetToyListener(
            listener=place.name, expected=place.thumbprint, thumbprint=case.renewal.new
        )

    def endpoint(self, place: Listener, address: str) -> Endpoint | None:
        """The listener's port, if it has one."""
        return Endpoint(address, place.port, None) if place.port else None


SERVICE = Toy(
    name="toy",
    noun="listener",
    exact_noun="listener",
    query=GetToyListener(),
    order=1,
)
