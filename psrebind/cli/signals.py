"""Signals that end a run in order: Ctrl-C, SIGTERM and SIGHUP, each with an exit status of its own.

Knows signals and limits; knows no terminal, and no command.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from psrebind.sessions.base import Limits

# As a shell calls a program that a signal ended.
_BASE = 128
# What a person, systemd or CI, and a terminal that is closed send. Windows has no SIGHUP.
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# Their exit statuses: 130, 143, 129.
INTERRUPTED = _BASE + signal.SIGINT
ENDED = tuple(_BASE + number for number in _ENDING)
_GOES_ON = (
    b"\npsrebind: a change is not stopped in its middle: waiting for its end; "
    b"Ctrl-C again leaves at once\n"
)


Handlers = dict[int, Any]


class Ended(KeyboardInterrupt):
    """A signal that ends the run; ``status`` is the exit status that says which."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = _BASE + number


class Endings:
    """Raises what ends the run wherever the main thread is, and remembers which signal it was.

    typer makes one exit status of everything that interrupts it.
    """

    def __init__(self) -> None:
        self.status = _BASE + signal.SIGINT

    def __call__(self, number: int) -> None:
        """End the run."""
        self.status = _BASE + number
        raise Ended(number)


@contextmanager
def caught(handle: Callable[[int], None]) -> Iterator[Handlers]:
    """Hand each signal that ends a run to a function instead; not what the caller ignores.

    Gives the handlers that were there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield {}
        return

    def received(number: int, _: FrameType | None) -> None:
        handle(number)

    before: Handlers = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in before.items():
        # A program under nohup outlives its terminal; None is a handler that is not Python's.
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, received)
    try:
        yield before
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


class Patience:
    """One host's run: a signal ends it at once, but a change is waited for, and ends it then."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._changing = False
        self._received: int | None = None
        self._before: Handlers = {}

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let signals wait for the end of this run's changes."""
        with caught(self._handle) as before:
            self._before = before
            yield

    @contextmanager
    def changing(self) -> Iterator[None]:
        """A change runs inside of this block."""
        self._changing = True
        try:
            yield
        finally:
            self._changing = False

    def conclude(self) -> None:
        """Raise what a signal meanwhile asked for."""
        if self._received is not None:
            self._end(self._received)

    def _end(self, number: int) -> None:
        # Whoever waited for signals before this run did.
        outer = self._before.get(number)
        if callable(outer):
            outer(number, None)
        raise Ended(number)

    def _handle(self, number: int) -> None:
        if self._received is not None or not self._changing:
            self._end(number)
        self._received = number
        self._limits.cancelled.set()
        # Streams of Python's own cannot be written to from within a signal's handler.
        os.write(2, _GOES_ON)
