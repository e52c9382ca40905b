"""What it costs to start the command, against ``import typer``, which it cannot be without."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("psrebind"))
BASE = "import typer"
# As bash asks when a person presses the tabulator key after "psrebind re".
COMPLETION = {
    "_PSREBIND_COMPLETE": "complete_bash",
    "COMP_WORDS": "psrebind re",
    "COMP_CWORD": "1",
}


@dataclass(frozen=True)
class Start:
    """One command line, and the most that it may cost of what ``import typer`` costs."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    limit: float = 1.0


STARTS = (
    Start(BASE, (sys.executable, "-c", BASE)),
    Start("--version", (COMMAND, "--version"), limit=1.5),
    Start("completion", (COMMAND,), COMPLETION, limit=1.5),
    Start("--help", (COMMAND, "--help"), limit=2.7),
)


@dataclass(frozen=True, kw_only=True)
class Started:
    """Median seconds of a start, by the processor, and its ratio to ``import typer``."""

    start: Start
    seconds: float
    ratio: float


def measure(rounds: int) -> list[Started]:
    """Start each in turns; the ratio is the median of those of each turn."""
    turns = [{start.name: _seconds(start) for start in STARTS} for _ in range(rounds + 1)][1:]
    return [
        Started(
            start=start,
            seconds=statistics.median(turn[start.name] for turn in turns),
            ratio=statistics.median(turn[start.name] / turn[BASE] for turn in turns),
        )
        for start in STARTS
    ]


def _seconds(start: Start) -> float:
    # The processor's seconds: on a busy machine the clock's tell of the neighbours.
    process = subprocess.Popen(
        start.words, env={**os.environ, **start.environment}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{start.name}: exit status {process.returncode}")
    return used.ru_utime + used.ru_stime
