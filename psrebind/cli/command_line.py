"""From the words of a command line to its exit status; an error becomes one sentence."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence

from typer import Abort, TyperException
from typer.main import get_command

from psrebind.cli.application import application
from psrebind.cli.completion import find_words, without_conversion
from psrebind.cli.output.messages import tell
from psrebind.cli.output.safe_stream import safe_streams
from psrebind.cli.signals import ENDED, INTERRUPTED, Endings, catch_signals
from psrebind.errors import InvalidInput, PsrebindError
from psrebind.rebind.outcome import BUG, Outcome, exit_status

UNWRITTEN = Outcome.FAILED.exit_status
USAGE = InvalidInput.exit_status


def run_command_line(words: Sequence[str]) -> int:
    """Run the command that the words name and give its exit status."""
    return conclude(lambda: _run(words))


def conclude(command: Callable[[], int]) -> int:
    """Run a command to its exit status, whatever it raises; the sentence goes to stderr."""
    endings = Endings()
    with safe_streams() as lost, catch_signals(endings):
        status = _conclude(command, endings)
        return exit_status([status, UNWRITTEN]) if lost() else status


def _conclude(command: Callable[[], int], endings: Endings) -> int:
    try:
        status = command()
    except PsrebindError as error:
        return _tell(str(error), error.exit_status)
    except TyperException as error:
        return _tell(_usage(error), USAGE)
    except (Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except Exception:
        return _bug()
    if status == INTERRUPTED:
        status = endings.status
    return _tell("interrupted", status) if status in ENDED else status


def _run(arguments: Sequence[str]) -> int:
    typed = find_words(os.environ)
    command = get_command(application([*arguments, *typed]))
    if typed:
        command = without_conversion(command)
    status = command.main(args=arguments, prog_name="psrebind", standalone_mode=False)
    return status if isinstance(status, int) else 0


def _tell(sentence: str, status: int) -> int:
    tell(sentence)
    return status


def _usage(error: TyperException) -> str:
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
    traceback.print_exc()
    return _tell("this is a bug in psrebind: please report it with the lines above", BUG)
