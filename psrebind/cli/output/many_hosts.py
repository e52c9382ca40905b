"""The view of many hosts: rows stream with the host in front, and what went wrong is told at the
end, hosts that failed alike together."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, TextIO, TypeVar

from psrebind.cli import output
from psrebind.cli.options import Format
from psrebind.cli.output.appearance import Word
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import OneOfMany
from psrebind.cli.output.stream import Order, Stream, stream
from psrebind.cli.output.values import write
from psrebind.cli.output.view import SHOW_CURSOR, Ask, Present, View
from psrebind.cli.signals import Ended, catch_signals
from psrebind.errors import PsrebindError
from psrebind.phrase import count_of
from psrebind.rebind.outcome import Outcome

if TYPE_CHECKING:
    from psrebind.cli.output.progress import HostCount
    from psrebind.fleet.fleet import Fleet, Results
    from psrebind.fleet.host import FleetHost
    from psrebind.fleet.runner import Result
    from psrebind.fleet.summary import RunSummary

T = TypeVar("T")
_STOPPING = (
    b"\npsrebind: stopping the hosts that run, changes come to their end; "
    b"Ctrl-C again leaves at once\n"
)
_STAYS = "shells there end by themselves after 3 minutes of idleness; look before acting again"


class ManyHostsView(View):
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
        with catch_signals(self._receive), self._counting():
            try:
                with stream(self._form, self._writer(), order=self._order) as rows:
                    self._rows = rows
                    for result in self._wait(results):
                        self._take(result, present, rows)
            except OSError as error:
                tell(f"the rows could not be kept until the end: {error.strerror or error}")
                self._summary.count_status(Outcome.FAILED.exit_status)
        tell_summary(self._summary, monotonic() - began)
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
            os.write(2, SHOW_CURSOR)
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


def tell_summary(summary: RunSummary, seconds: float) -> None:
    """Say what went wrong, each cause once, and then what became of how many."""
    for cause in summary.causes:
        hosts = f"{count_of(cause.count, 'host')} "
        tell(hosts, Word(cause.word), f": {cause.hosts}: {cause.sentence}")
    counts = [
        part
        for at, (word, count) in enumerate(summary.words.most_common())
        for part in (f"{', ' if at else ': '}{count} ", Word(word))
    ]
    tell(f"{count_of(summary.total, 'host')} in {seconds:.1f} s", *(counts or [": "]))
