"""How a command of the tests ended, and what runs one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True)
class Ran:
    """How one command ended."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]


@contextmanager
def at_a_terminal(
    words: Sequence[str], environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A command whose questions a person answers, and where the answers are typed."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "psrebind", *words],
            env=os.environ | environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            yield process, ours
    finally:
        os.close(ours)
        os.close(theirs)


def on_a_terminal(
    words: Sequence[str],
    environment: Mapping[str, str],
    answer: bytes,
    *,
    thinking: float = 0,
) -> Ran:
    """Run a command and answer its question, after some thought."""
    with at_a_terminal(words, environment) as (process, typed):
        assert process.stderr
        said = until_asked(process.stderr) if thinking else ""
        time.sleep(thinking)
        os.write(typed, answer)
        out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, said + err)


def until_asked(stderr: IO[str]) -> str:
    """What is said until the question is there, or until nothing more is said."""
    said = ""
    while not said.endswith("[y/N] ") and (character := stderr.read(1)):
        said += character
    return said
