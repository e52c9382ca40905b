"""A run as a person sees it: what hosts say, and what signals do."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import Rows
from psrebind.cli.signals import Ended
from psrebind.sessions.base import NOTICE

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet, Results
    from psrebind.fleet.host import FleetHost
    from psrebind.fleet.summary import Ending
    from psrebind.sessions.base import StreamRecord

T = TypeVar("T")
Ask = Callable[["Fleet"], "Results[T]"]
# Prints what came of one host, and says how it ended.
Present = Callable[[T, Rows], "Ending"]

SHOW_CURSOR = b"\x1b[?25h\n"


class View:
    """What the views of one host and of many have in common: it is the fleet's watcher.

    The first signal ends the run in order, and a second one at once.
    """

    def __init__(self, fleet: Fleet, *, verbose: bool) -> None:
        self._fleet = replace(fleet, watcher=self)
        self._verbose = verbose
        self._signal: int | None = None

    def heard(self, host: FleetHost, record: StreamRecord) -> None:
        """Print a host's notices and warnings, and its verbose messages where asked for."""
        if record.stream == NOTICE:
            tell(f"{host.name}: {record.text}")
        elif record.stream == "warning" or (record.stream == "verbose" and self._verbose):
            tell(f"{host.name}: {record.stream}: {record.text}")

    def started(self, host: FleetHost) -> None:
        """A host begins."""

    def _receive(self, number: int) -> None:
        if self._signal is not None:
            # A third one ends what a reader holds up who reads no more.
            signal.signal(number, signal.SIG_DFL)
            self._leave()
            # Threads that hang would be waited for at the interpreter's end.
            os._exit(Ended(number).status)
        self._signal = number
        self._fleet.limits.cancelled.set()
        self._stop_in_order(number)

    def _stop_in_order(self, number: int) -> None:
        raise NotImplementedError

    def _leave(self) -> None:
        raise NotImplementedError
