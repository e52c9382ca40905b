"""Signals that end a run in order, each with an exit status: Ctrl-C, SIGTERM and SIGHUP."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# As a shell calls a program that a signal ended.
_BASE = 128
# What a person, systemd or CI, and a terminal that is closed send. Windows has no SIGHUP.
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# Their exit statuses: 130, 143, 129.
INTERRUPTED = _BASE + signal.SIGINT
ENDED = tuple(_BASE + number for number in _ENDING)
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
def catch_signals(handle: Callable[[int], None]) -> Iterator[Handlers]:
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
