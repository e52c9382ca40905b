"""A run as a person sees it: what hosts say, how far they are, rows, and how it ended.

One host that was named is as if there were no others: its rows as they are, its error the
command's. Of any others, be it one, rows stream with the host in front, and what went wrong is
told at the end, hosts that failed alike together.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, TextIO, TypeVar

from psrebind.cli import output
from psrebind.cli.options import Format
from psrebind.cli.output.appearance import Word
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import OneHost, OneOfMany, Order, Rows, Stream, stream
from psrebind.cli.output.values import write
from psrebind.cli.signals import Ended, Handlers, caught
from psrebind.errors import HostError, PsrebindError
from psrebind.phrase import count_of
from psrebind.rebind.outcome import Outcome

if TYPE_CHECKING:
    from psrebind.cli.output.progress import HostCount, Spinner
    from psrebind.fleet.fleet import Fleet, Results
    from psrebind.fleet.host import FleetHost
    from psrebind.fleet.runner import Result
    from psrebind.fleet.summary import Ending, RunSummary
    from psrebind.sessions.base import StreamRecord

T = TypeVar("T")
Ask = Callable[["Fleet"], "Results[T]"]
# Prints what came of one host, and says how it ended.
Present = Callable[[T, Rows], "Ending"]

BUG = 1
_GOES_ON = (
    b"\npsrebind: a change is not stopped in its middle: waiting for its end; "
    b"Ctrl-C again leaves at once\n"
)
_STOPPING = (
    b"\npsrebind: stopping the hosts that run, changes come to their end; "
    b"Ctrl-C again leaves at once\n"
)
_STAYS = "shells there end by themselves after 3 minutes of idleness; look before acting again"
_SHOW_CURSOR = b"\x1b[?25h\n"


class _View:
    """What both views have in common: it is the fleet's watcher, and signals come here.

    The first signal ends the run in order, and a second one at once.
    """

    def __init__(self, fleet: Fleet, *, verbose: bool) -> None:
        self._fleet = replace(fleet, watcher=self)
        self._verbose = verbose
        self._signal: int | None = None

    def heard(self, host: FleetHost, record: StreamRecord) -> None:
        """Print a host's notices and warnings, and its verbose messages where asked for."""
        if record.stream == "notice":
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


class OneHostView(_View):
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
        with caught(self._receive) as before:
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
        if record.stream == "stage":
            self._enter(record.text)
        elif record.stream == "saved":
            tell(f"the state before is in {record.text}")
        elif record.stream == "progress":
            if self._spinner:
                self._spinner.follow(record.text, record.percent)
        else:
            super().heard(host, record)

    def _enter(self, stage: str) -> None:
        self._changed = self._changed or (self._stage == "changing" and not stage)
        self._stage = stage
        self._stop_spinner()
        if stage and sys.stderr.isatty():
            self._spinner = output.Spinner(f"{stage} {self._host.name}")

    def _stop_spinner(self) -> None:
        spinner, self._spinner = self._spinner, None
        if spinner:
            spinner.stop()

    def _stop_in_order(self, number: int) -> None:
        if self._stage == "changing":
            # Streams of Python's own cannot be written to from within a signal's handler.
            os.write(2, _GOES_ON)

    def _leave(self) -> None:
        if sys.stderr.isatty():
            os.write(2, _SHOW_CURSOR)
        if self._stage == "changing":
            known = (
                "whether the changes ran is unknown: look with "
                f"'psrebind bindings {self._host.name}', and run the same command again to finish"
            )
        elif self._changed:
            known = "the changes were made; only the handshakes after them are missing"
        else:
            known = "nothing was changed"
        os.write(2, f"psrebind: {known}\npsrebind: interrupted\n".encode("ascii", "replace"))


class ManyHostsView(_View):
    """Many hosts: a live line on a terminal, rows as they come, and a summary."""

    def __init__(
        self,
        fleet: Fleet,
        form: Format,
        *,
        verbose: bool,
        aside: bool = False,
        order: Order | None = None,
        fail_fast: bool = False,
    ) -> None:
        super().__init__(fleet, verbose=verbose)
        self._form: Format = "table" if aside else form
        self._stream = sys.stderr if aside else sys.stdout
        self._order = order
        self._fail_fast = fail_fast
        self._summary: RunSummary = output.RunSummary(len(fleet.hosts))
        self._count: HostCount | None = None
        self._running = 0
        self._lock = threading.Lock()
        self._idle = False
        self._rows: Stream | None = None

    def show(self, ask: Ask[T], present: Present[T]) -> int:
        """Ask the hosts, print what came of each, and give the exit status of all."""
        began = monotonic()
        results = ask(self._fleet)
        with caught(self._receive), self._counting():
            try:
                with stream(self._form, self._writer(), order=self._order) as rows:
                    self._rows = rows
                    for result in self._wait(results):
                        self._take(result, present, rows)
            except OSError as error:
                tell(f"the rows could not be kept until the end: {error.strerror or error}")
                self._summary.count_status(Outcome.FAILED.exit_status)
        self._tell_summary(monotonic() - began)
        return self._summary.exit_status

    def _take(self, result: Result[FleetHost, T], present: Present[T], rows: Stream) -> None:
        """Print and count one host; an error met in doing so is its own, as one of its work is."""
        if result.problem is None:
            try:
                ending = present(result.value, OneOfMany(result.host.name, rows))  # type: ignore[arg-type]
            except PsrebindError as error:
                result = replace(result, value=None, error=error)
            except Exception:
                result = replace(result, value=None, bug=traceback.format_exc())
            else:
                self._summary.count(ending)
        if result.problem is not None:
            if result.bug:
                # All of it at once: nobody can report half a traceback.
                sys.stderr.write(result.bug)
            self._summary.count_failure(result)
            if self._fail_fast and (result.bug or result.error):
                self._fleet.enough.set()
        with self._lock:
            self._running -= result.began
        self._draw()

    def _tell_summary(self, seconds: float) -> None:
        for cause in self._summary.causes:
            hosts = f"{count_of(cause.count, 'host')} "
            tell(hosts, Word(cause.word), f": {cause.hosts}: {cause.sentence}")
        counts = [
            part
            for at, (word, count) in enumerate(self._summary.words.most_common())
            for part in (f"{', ' if at else ': '}{count} ", Word(word))
        ]
        tell(f"{count_of(self._summary.total, 'host')} in {seconds:.1f} s", *(counts or [": "]))

    def started(self, host: FleetHost) -> None:
        """Count a host that begins."""
        with self._lock:
            self._running += 1
        self._draw()

    @contextmanager
    def _counting(self) -> Iterator[None]:
        if sys.stderr.isatty():
            self._count = output.HostCount(self._summary.total)
        try:
            yield
        finally:
            if self._count:
                self._count.stop()

    def _draw(self) -> None:
        if self._count:
            words = ", ".join(f"{n} {word}" for word, n in self._summary.words.most_common())
            self._count.draw(self._summary.done, self._running, words)

    def _wait(self, results: Results[T]) -> Iterator[Result[FleetHost, T]]:
        """The results; remembers when this thread does nothing but wait for the next one."""
        while True:
            self._idle = True
            try:
                result = next(results, None)
            finally:
                self._idle = False
            if result is None:
                return
            yield result

    def _writer(self) -> Writer:
        return Writer(self._stream, self._count)

    def _stop_in_order(self, number: int) -> None:
        self._summary.count_status(Ended(number).status)
        os.write(2, _STOPPING)

    def _leave(self) -> None:
        """Print the rows that wait, and say what stays behind."""
        # In the midst of printing, what prints could not be entered once more.
        if self._idle:
            with suppress(Exception):
                if self._count:
                    self._count.stop()
                if self._rows:
                    self._rows.end()
                if self._count:
                    self._count.stop()
        elif sys.stderr.isatty():
            os.write(2, _SHOW_CURSOR)
        hosts = "1 host was" if self._running == 1 else f"{self._running} hosts were"
        os.write(2, f"\npsrebind: {hosts} still running: {_STAYS}\n".encode("ascii"))


class Writer:
    """Writes to a stream with the live line out of the way where both are one terminal."""

    def __init__(self, stream: TextIO, count: HostCount | None) -> None:
        self.stream = stream
        self._count = count

    def __call__(self, text: str) -> None:
        """Write, if there is anything to write."""
        if not text:
            return
        if self._count is None or not self.stream.isatty():
            write(text, self.stream)
            return
        self._count.stop()
        write(text, self.stream)
        self._count.start()


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
