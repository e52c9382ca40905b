"""stdout and stderr of a command: a full disk ends the writing, never a run that changes hosts.

Stands in for the process's streams while a command runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO, cast


class SafeStream:
    """A stream that takes all text; after a first error none of it is written any more.

    A reader that left is no error: ``| head`` has what it wants.
    """

    def __init__(self, stream: TextIO, on_error: Callable[[OSError], None]) -> None:
        self._stream = stream
        self._on_error = on_error
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write, or let it be lost."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush, or let it be lost."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's: whether it is a terminal, its encoding, its number."""
        return getattr(self._stream, name)

    def _try(self, action: Callable[[], object]) -> None:
        if self.error:
            return
        try:
            action()
        except BrokenPipeError:
            self._discard()
        except OSError as error:
            self.error = error
            self._discard()
            self._on_error(error)

    def _discard(self) -> None:
        # What is still buffered would raise once more when the process ends.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def is_output_lost() -> bool:
    """Whether rows were lost, so that there is nothing to explain below them."""
    return isinstance(sys.stdout, SafeStream) and sys.stdout.error is not None


@contextmanager
def safe_streams() -> Iterator[Callable[[], bool]]:
    """Guard stdout and stderr; what it gives says whether something could not be written."""

    def tell(error: OSError) -> None:
        reason = error.strerror or str(error)
        err.write(f"psrebind: the output could not be written: {reason}\n")
        err.flush()

    def lost() -> bool:
        out.flush()
        err.flush()
        return bool(out.error or err.error)

    if isinstance(sys.stdout, SafeStream):
        # Another command of this process, in a thread beside: streams are the process's, and who
        # came first puts them back.
        yield lambda: False
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        # A process whose stream was closed before it began has none.
        out = SafeStream(sys.stdout or nowhere, tell)
        err = SafeStream(sys.stderr or nowhere, lambda _: None)
        with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
            yield lost
