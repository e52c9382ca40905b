"""What a terminal shows while hosts work: a spinner for one, a line of counts for many."""

from __future__ import annotations

import sys
from threading import Timer

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

from psrebind.cli.output.appearance import has_color
from psrebind.text import visible

PATIENCE = 2.0


def _console() -> Console:
    return Console(stderr=True, no_color=not has_color(sys.stderr))


class Spinner:
    """Says what is done, once it takes two seconds."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence
        self._status = _console().status(Text(f"{sentence} …"))
        self._timer = Timer(PATIENCE, self._status.start)
        self._timer.daemon = True
        self._timer.start()

    def follow(self, text: str, percent: int | None) -> None:
        """Show how far the host says it is."""
        share = "" if percent is None else f" {percent} %"
        self._status.update(Text(f"{self._sentence}: {visible(text)}{share}"))

    def stop(self) -> None:
        """Take it away."""
        self._timer.cancel()
        self._timer.join()
        self._status.stop()


class _Rate(ProgressColumn):
    """Hosts a second; nothing until two hosts have ended."""

    def render(self, task: Task) -> Text:
        """The rate as text."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


class HostCount:
    """How many hosts ended and how, how many run, the rate, and the time left."""

    def __init__(self, total: int) -> None:
        self._progress = Progress(
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[words]}", markup=False),
            TextColumn("{task.fields[running]} running", markup=False),
            _Rate(),
            TimeRemainingColumn(),
            console=_console(),
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("hosts", total=total, words="", running=0)
        self.start()

    def draw(self, done: int, running: int, words: str) -> None:
        """Show what the run has come to."""
        self._progress.update(self._task, completed=done, running=running, words=words)

    def start(self) -> None:
        """Show it, again after a stop."""
        self._progress.start()

    def stop(self) -> None:
        """Take it away, for a while or for good."""
        self._progress.stop()
