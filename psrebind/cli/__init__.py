"""The command line: what a person types, and the exit status that comes of it.

Commands are functions of the files beside this one; they ask the layers below and print. This
file knows no command: it turns whatever a command raises into one sentence and one status.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence

from psrebind import __version__
from psrebind.cli.output.safe_stream import safe_streams
from psrebind.cli.signals import ENDED, INTERRUPTED, Endings, caught
from psrebind.errors import PsrebindError

BUG = 1
UNWRITTEN = 2
USAGE = 5


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
    return concluded(lambda: _run(words))


def concluded(command: Callable[[], int]) -> int:
    """Run a command to its exit status, whatever it raises; the sentence goes to stderr."""
    endings = Endings()
    with safe_streams() as lost, caught(endings):
        status = _concluded(command, endings)
        return _worse(status, UNWRITTEN) if lost() else status


def _worse(status: int, other: int) -> int:
    from psrebind.rebind.outcome import exit_status

    return exit_status([status, other])


def _concluded(command: Callable[[], int], endings: Endings) -> int:
    from typer import Abort, TyperException

    try:
        status = command()
    except PsrebindError as error:
        return _told(str(error), error.exit_status)
    except TyperException as error:
        return _told(_usage(error), USAGE)
    except (Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except Exception:
        return _bug()
    if status == INTERRUPTED:
        status = endings.status
    return _told("interrupted", status) if status in ENDED else status


def _run(arguments: Sequence[str]) -> int:
    from typer.main import get_command

    from psrebind.cli.application import application
    from psrebind.cli.completion import find_words, without_conversion

    typed = find_words(os.environ)
    command = get_command(application([*arguments, *typed]))
    if typed:
        command = without_conversion(command)
    status = command.main(args=arguments, prog_name="psrebind", standalone_mode=False)
    return status if isinstance(status, int) else 0


def _told(sentence: str, status: int) -> int:
    from psrebind.cli.output.messages import tell

    tell(sentence)
    return status


def _usage(error: Exception) -> str:
    from typer import TyperException

    assert isinstance(error, TyperException)
    if "\n" in error.format_message():
        # Nothing was asked for: the message is the help itself.
        return f"a command is missing\n\n{error.format_message()}"
    where = getattr(getattr(error, "ctx", None), "command_path", "psrebind")
    said = error.format_message().rstrip(".")
    said += "" if said.endswith("?") else "."
    if where == "psrebind rebind" and getattr(getattr(error, "param", None), "name", "") == "old":
        return f"{said} 'psrebind replay' finds renewals by itself"
    return f"{said} See '{where} --help'"


def _bug() -> int:
    import traceback

    traceback.print_exc()
    return _told("this is a bug in psrebind: please report it with the lines above", BUG)
