"""A run of many hosts as a person sees it: a live line on a terminal, and Ctrl-C.

Knows the terminal and signals; knows nothing of what is done on the hosts.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self, TextIO, TypeVar

from psrebind.cli.appearance import colored
from psrebind.cli.output import write
from psrebind.cli.signals import Ended, caught
from psrebind.cli.tally import Tally
from psrebind.sessions.base import Limits

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from psrebind.cli.rows import Stream

T = TypeVar("T")
_STOPPING = (
    b"\npsrebind: stopping the hosts that run, changes come to their end; "
    b"Ctrl-C again leaves at once\n"
)
_STAYS = "shells there end by themselves after 3 minutes of idleness; look before acting again"
_SHOW_CURSOR = b"\x1b[?25h\n"


class Live:
    """The live line: how many ended and how, how many run, the rate, and the time left."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._running = 0
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._idle = False
        self.rows: Stream | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._progress, self._task = _progress(self._tally.total)
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._progress:
            self._progress.stop()

    def started(self, _: object) -> None:
        """Count a host that begins."""
        with self._lock:
            self._running += 1
        self._draw()

    def ended(self, *, began: bool) -> None:
        """Draw what the tally has now."""
        with self._lock:
            self._running -= began
        self._draw()

    def awaited(self, results: Iterator[T]) -> Iterator[T]:
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

    def leave(self) -> None:
        """Print the rows that wait, and say what stays behind; called by a signal's handler."""
        # In the midst of printing, what prints could not be entered once more.
        if self._idle:
            with suppress(Exception):
                self._stop()
                if self.rows:
                    self.rows.end()
                self._stop()
        elif sys.stderr.isatty():
            os.write(2, _SHOW_CURSOR)
        hosts = "1 host was" if self._running == 1 else f"{self._running} hosts were"
        os.write(2, f"\npsrebind: {hosts} still running: {_STAYS}\n".encode("ascii"))

    def writer(self, *, aside: bool = False) -> Writer:
        """What writes to stdout, or aside to stderr, beside the live line."""
        return Writer(sys.stderr if aside else sys.stdout, self._progress)

    def _draw(self) -> None:
        if self._progress is None or self._task is None:
            return
        words = ", ".join(f"{count} {word}" for word, count in self._tally.words.most_common())
        self._progress.update(
            self._task, completed=self._tally.done, running=self._running, words=words
        )


class Writer:
    """Writes to a stream with the live line out of the way where both are one terminal."""

    def __init__(self, stream: TextIO, progress: Progress | None) -> None:
        self.stream = stream
        self._progress = progress

    def __call__(self, text: str) -> None:
        """Write, if there is anything to write."""
        if not text:
            return
        if self._progress is None or not self.stream.isatty():
            write(text, self.stream)
            return
        self._progress.stop()
        write(text, self.stream)
        self._progress.start()


def _progress(total: int) -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Hosts a second."""

        def render(self, task: Task) -> Text:
            """Nothing until two hosts have ended."""
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    progress = Progress(
        MofNCompleteColumn(),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[words]}", markup=False),
        TextColumn("{task.fields[running]} running", markup=False),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True, no_color=not colored(sys.stderr)),
        transient=True,
        redirect_stdout=False,
    )
    return progress, progress.add_task("hosts", total=total, words="", running=0)


@contextmanager
def stoppable(limits: Limits, tally: Tally, live: Live) -> Iterator[None]:
    """Let the first signal stop the run in order, and the second one leave at once."""

    def handle(number: int) -> None:
        status = Ended(number).status
        if limits.cancelled.is_set():
            # A third one ends what a reader holds up who reads no more.
            signal.signal(number, signal.SIG_DFL)
            live.leave()
            # Threads that hang would be waited for at the interpreter's end.
            os._exit(status)
        limits.cancelled.set()
        tally.interrupted(status)
        # Streams of Python's own cannot be written to from within a signal's handler.
        os.write(2, _STOPPING)

    with caught(handle):
        yield
