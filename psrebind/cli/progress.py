"""What a person sees while a host works: a spinner after two seconds, and how far the host is.

Knows the terminal; stdout stays for data.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Timer
from typing import TYPE_CHECKING, Self

from psrebind.cli.appearance import colored
from psrebind.cli.messages import visible
from psrebind.sessions.base import StreamRecord

if TYPE_CHECKING:
    from rich.status import Status

PATIENCE = 2.0


class Progress:
    """A context manager around one wait; its ``on_stream`` takes what the host says meanwhile.

    What is no progress is handed on to ``heard``.
    """

    def __init__(self, sentence: str, heard: Callable[[StreamRecord], None]):
        self._sentence = sentence
        self._heard = heard
        self._status: Status | None = None
        self._timer = Timer(PATIENCE, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._timer.ident is not None:
            self._timer.join()
        if self._status:
            self._status.stop()

    def on_stream(self, record: StreamRecord) -> None:
        """Follow progress, and hand the rest on."""
        if record.stream == "progress":
            self._follow(record)
        else:
            self._heard(record)

    def _show(self) -> None:
        from rich.console import Console
        from rich.text import Text

        self._status = Console(stderr=True, no_color=not colored(sys.stderr)).status(
            Text(f"{self._sentence} …")
        )
        self._status.start()

    def _follow(self, record: StreamRecord) -> None:
        from rich.text import Text

        if self._status:
            share = "" if record.percent is None else f" {record.percent} %"
            text = f"{self._sentence}: {visible(record.text)}{share}"
            self._status.update(Text(text))
