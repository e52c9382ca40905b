"""The demo as a picture: what a terminal of a fixed width would show, drawn as SVG."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 100
TITLE = "psrebind demo"
_GAP = "…"
# A frame of the spinner: what stands in its line is drawn over a moment later.
_SPINNER = re.compile(r"(?:\x1b\[[0-9;?]*[A-Za-z]|\r)*[\u2800-\u28ff]")
# What takes the last one away: codes and nothing to read.
_CODES = re.compile(r"(?:\x1b\[[0-9;?]*[A-Za-z]|\r)+")


class _Screen(io.StringIO):
    """A stream that commands take for a terminal, so that they fold and colour as on one."""

    def isatty(self) -> bool:
        return True


class Picture:
    """A terminal that remembers what was printed while it was ``open``."""

    def __init__(self) -> None:
        self.open = False
        self._console = Console(
            file=io.StringIO(),
            record=True,
            width=WIDTH,
            force_terminal=True,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def capture(self, command: Callable[[], int]) -> tuple[int, str]:
        """Run a command with a terminal of the picture's width; its status and what it said."""
        screen = _Screen()
        with _columns(), redirect_stdout(screen), redirect_stderr(screen):
            status = command()
        lines = screen.getvalue().splitlines()
        kept = (line for line in lines if not (_SPINNER.match(line) or _CODES.fullmatch(line)))
        return status, "\n".join(kept).strip("\n")

    def print(self, text: Text) -> None:
        """Draw a text, unless the picture is shut."""
        if self.open:
            self._console.print(text)

    def save(self, path: Path) -> None:
        """Write what was drawn."""
        path.write_text(self._console.export_svg(title=TITLE), "utf-8")


def excerpt_lines(said: str, words: Sequence[str]) -> str:
    """The lines that have one of some words, with an ellipsis for each gap; all without words."""
    if not words:
        return said
    kept: list[str] = []
    for line in said.splitlines():
        wanted = any(word in line for word in words)
        if wanted or kept[-1:] != [_GAP]:
            kept.append(line if wanted else _GAP)
    return "\n".join(kept)


@contextmanager
def _columns() -> Iterator[None]:
    kept = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(WIDTH)
    try:
        yield
    finally:
        if kept is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = kept
