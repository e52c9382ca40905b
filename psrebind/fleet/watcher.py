"""Who hears of a run on many hosts as it goes."""

from __future__ import annotations

from typing import Protocol

from psrebind.fleet.host import FleetHost
from psrebind.sessions.base import StreamRecord


class Watcher(Protocol):
    """Hears of the hosts of a run, from their threads."""

    def started(self, host: FleetHost) -> None:
        """A host begins."""

    def heard(self, host: FleetHost, record: StreamRecord) -> None:
        """A host said something, or is at another stage of its work."""


class NoWatcher:
    """Nobody watches."""

    def started(self, host: FleetHost) -> None:
        """A host begins."""

    def heard(self, host: FleetHost, record: StreamRecord) -> None:
        """A host said something."""
