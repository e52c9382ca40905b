"""The command line: what a person types, and the exit status that comes of it."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from psrebind import __version__, cli
from psrebind.cli.output.safe_stream import safe_streams
from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.cli.command_line import run_command_line as run_command_line
else:
    __getattr__ = lazy_names(__name__, {"run_command_line": f"{__name__}.command_line"})

UNWRITTEN = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status; without arguments, the process's own."""
    for stream in (sys.stdout, sys.stderr):
        # A console in code page 1252 has no arrow; a shown escape is better than a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else arguments
    if list(words) == ["--version"]:
        # Scripts ask this often, and no command is needed to say it.
        with safe_streams() as lost:
            print(f"psrebind {__version__}")
            return UNWRITTEN if lost() else 0
    return cli.run_command_line(words)
