"""What a shell asks to have completed, and what that can do without: conversions.

A completer that asks its context for other parameters gets
them as the words that were typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What the scripts that typer writes for the shells set: what is asked, and the words so far.
_ASKED = "_PSREBIND_COMPLETE"
_WORDS = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")


def find_words(environment: Mapping[str, str]) -> list[str]:
    """The words that a shell wants completed, the program's name first; none in a real start."""
    if _ASKED not in environment:
        return []
    return " ".join(environment.get(name, "") for name in _WORDS).split()


def without_conversion(command: Any) -> Any:
    """A command that leaves its words as they are, and so its commands; typer hides its classes.

    Typer converts by pydantic, whose import costs more than all else that completion needs.
    """
    parse = command.parse_args

    def parse_args(context: Any, words: list[str]) -> list[str]:
        for parameter in command.get_params(context):
            parameter.process_value = lambda _, value: value
        left: list[str] = parse(context, words)
        return left

    command.parse_args = parse_args
    for one in getattr(command, "commands", {}).values():
        without_conversion(one)
    return command
