"""The view of one host that was named: as if there were no others, its error the command's."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TypeVar

from psrebind.cli import output
from psrebind.cli.options import Format
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import OneHost
from psrebind.cli.output.view import SHOW_CURSOR, Ask, Present, View
from psrebind.cli.signals import Ended, Handlers, catch_signals
from psrebind.errors import HostError, PsrebindError
from psrebind.rebind.outcome import BUG, Outcome
from psrebind.sessions.base import CHANGING, SAVED, STAGE

if TYPE_CHECKING:
    from psrebind.cli.output.progress import Spinner
    from psrebind.fleet.fleet import Fleet
    from psrebind.fleet.host import FleetHost
    from psrebind.fleet.runner import Result
    from psrebind.sessions.base import StreamRecord

T = TypeVar("T")
_GOES_ON = (
    b"\npsrebind: a change is not stopped in its middle: waiting for its end; "
    b"Ctrl-C again leaves at once\n"
)


class OneHostView(View):
    """The only host of a run: a spinner while it works; its error is the command's."""

    def __init__(self, fleet: Fleet, form: Format, *, verbose: bool) -> None:
        super().__init__(fleet, verbose=verbose)
        (self._host,) = fleet.hosts
        self._rows = OneHost(self._host.name, form)
        self._spinner: Spinner | None = None
        self._stage = ""
        self._changed = False

    def show(self, ask: Ask[T], present: Present[T]) -> int:
        """Ask the host, print what came of it, and give the exit status."""
        with catch_signals(self._receive) as before:
            try:
                results = list(ask(self._fleet))
            finally:
                self._stop_spinner()
            status = self._status(results[0], present)
        if self._signal is not None:
            _hand_on(self._signal, before)
        if isinstance(status, PsrebindError):
            raise status
        return status

    def _status(self, result: Result[FleetHost, T], present: Present[T]) -> int | PsrebindError:
        if result.bug is not None:
            return _tell_bug(result.bug)
        if result.error is not None:
            if isinstance(result.error, HostError):
                # A host does not say its name, and whoever reads a log of many commands needs it.
                result.error.host = self._host.name
            return result.error
        ending = present(result.value, self._rows)  # type: ignore[arg-type]
        return ending.exit_status if isinstance(ending, Outcome) else ending

    def heard(self, host: FleetHost, record: StreamRecord) -> None:
        """Follow the stages and the progress; print the rest."""
        if record.stream == STAGE:
            self._enter(record.text)
        elif record.stream == SAVED:
            tell(f"the state before is in {record.text}")
        elif record.stream == "progress":
            if self._spinner:
                self._spinner.follow(record.text, record.percent)
        else:
            super().heard(host, record)

    def _enter(self, stage: str) -> None:
        self._changed = self._changed or (self._stage == CHANGING and not stage)
        self._stage = stage
        self._stop_spinner()
        if stage and sys.stderr.isatty():
            self._spinner = output.Spinner(f"{stage} {self._host.name}")

    def _stop_spinner(self) -> None:
        spinner, self._spinner = self._spinner, None
        if spinner:
            spinner.stop()

    def _stop_in_order(self, number: int) -> None:
        if self._stage == CHANGING:
            # Streams of Python's own cannot be written to from within a signal's handler.
            os.write(2, _GOES_ON)

    def _leave(self) -> None:
        if sys.stderr.isatty():
            os.write(2, SHOW_CURSOR)
        if self._stage == CHANGING:
            known = (
                "whether the changes ran is unknown: look with "
                f"'psrebind bindings {self._host.name}', and run the same command again to finish"
            )
        elif self._changed:
            known = "the changes were made; only the handshakes after them are missing"
        else:
            known = "nothing was changed"
        os.write(2, f"psrebind: {known}\npsrebind: interrupted\n".encode("ascii", "replace"))


def _hand_on(number: int, before: Handlers) -> None:
    """End the command as whoever waited for signals before this run does."""
    outer = before.get(number)
    if callable(outer):
        outer(number, None)
    raise Ended(number)


def _tell_bug(trace: str) -> int:
    sys.stderr.write(trace)
    tell("this is a bug in psrebind: please report it with the lines above")
    return BUG
