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

from psrebind.sessions.base import Limits

# As a shell calls a program that a signal ended.
_BASE = 128
# What a person, systemd or CI, and a terminal that is closed send. Windows has no SIGHUP.
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# Their exit statuses: 130, 143, 129.
ENDED = tuple(_BASE + number for number in _ENDING)
_GOES_ON = (
    b"\npsrebind: a change is not stopped in its middle: waiting for its end; "
    b"Ctrl-C again leaves at once\n"
)


class Ended(KeyboardInterrupt):
    """A signal that ends the run; ``status`` is the exit status that says which."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = _BASE + number


def status_of(error: BaseException | None) -> int:
    """The exit status of a run that was ended by a signal, Ctrl-C if it is not known."""
    return error.status if isinstance(error, Ended) else _BASE + signal.SIGINT


@contextmanager
def caught(handle: Callable[[int], None]) -> Iterator[None]:
    """Hand each signal that ends a run to a function instead; not what the caller ignores."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def received(number: int, _: FrameType | None) -> None:
        handle(number)

    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in before.items():
        # A program under nohup outlives its terminal; None is a handler that is not Python's.
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, received)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def end(number: int) -> None:
    """Raise what ends the run in order, wherever the main thread is."""
    raise Ended(number)


class Patience:
    """One host's run: a signal ends it at once, but a change is waited for, and ends it then."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._changing = False
        self._received: int | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let signals wait for the end of this run's changes."""
        with caught(self._handle):
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
            raise Ended(self._received)

    def _handle(self, number: int) -> None:
        if self._received is not None or not self._changing:
            raise Ended(number)
        self._received = number
        self._limits.cancelled.set()
        # Streams of Python's own cannot be written to from within a signal's handler.
        os.write(2, _GOES_ON)
