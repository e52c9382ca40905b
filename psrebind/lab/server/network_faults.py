"""Network faults on request: which connection or request of an endpoint meets one."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass


class NetworkFault(enum.StrEnum):
    """What may happen to a connection or to a request."""

    CUT_BEFORE = "cut-before"
    """The connection closes before the request is handled."""
    CUT_AFTER = "cut-after"
    """The request is handled, and the connection closes instead of the reply."""
    STALL = "stall"
    """The request is not handled and never answered; the connection stays open."""
    UNAVAILABLE = "unavailable"
    """The request is answered with HTTP 503."""
    REFUSE = "refuse"
    """The connection closes as soon as it is accepted."""
    HANG = "hang"
    """The connection is accepted, and nothing is ever read or answered."""


_OF_A_CONNECTION = frozenset({NetworkFault.REFUSE, NetworkFault.HANG})


@dataclass
class _Armed:
    fault: NetworkFault
    number: int
    times: int | None
    seen: int = 0

    def meets(self) -> bool:
        self.seen += 1
        after = self.seen - self.number
        return after >= 0 and (self.times is None or after < self.times)

    @property
    def spent(self) -> bool:
        return self.times is not None and self.seen >= self.number + self.times - 1


class NetworkFaults:
    """The faults armed for one endpoint; safe to use from any thread."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()

    def arm(self, fault: NetworkFault, *, number: int = 1, times: int | None = 1) -> None:
        """Let the `number`-th request (or connection) from now meet a fault, `times` in a row.

        Requests of an authentication count; `times=None` means until `disarm`.
        """
        if number < 1 or (times is not None and times < 1):
            raise ValueError(f"A fault needs number and times from 1, not {number} and {times}.")
        with self._lock:
            self._armed.append(_Armed(fault, number, times))

    def disarm(self) -> None:
        """Forget every fault that has not happened yet."""
        with self._lock:
            self._armed.clear()

    @property
    def armed(self) -> tuple[NetworkFault, ...]:
        """The faults that have not happened yet."""
        with self._lock:
            return tuple(item.fault for item in self._armed)

    def next_connection(self) -> NetworkFault | None:
        """Count a connection and return the fault that it meets."""
        return self._next(of_connection=True)

    def next_request(self) -> NetworkFault | None:
        """Count a request and return the fault that it meets."""
        return self._next(of_connection=False)

    def _next(self, *, of_connection: bool) -> NetworkFault | None:
        with self._lock:
            counted = [a for a in self._armed if (a.fault in _OF_A_CONNECTION) is of_connection]
            met = [item.fault for item in counted if item.meets()]
            self._armed = [item for item in self._armed if not item.spent]
        return met[0] if met else None
