"""Assumptions and faults as a person writes them on the command line.

Every word is checked before a host sees it: a misspelt fault would never happen unnoticed.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from psrebind.errors import InvalidInput
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.commands import COMMANDS
from psrebind.lab.windows.host import Fault
from psrebind.lab.windows.programs import PROGRAMS

_SLOW = "slow:"
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """One assumption and what it shall be."""

    name: str
    value: bool | int | None


@dataclass(frozen=True, kw_only=True)
class ArmedFault:
    """What one command of one host shall do instead of its work."""

    host: str
    command: str
    fault: Fault


def assumption(text: str) -> Assumed:
    """Read ``NAME=VALUE``; InvalidInput for a name or value that no host has."""
    name, equals, value = text.partition("=")
    hints: dict[str, Any] = typing.get_type_hints(Assumptions)
    if not equals or name not in hints:
        known = ", ".join(one.name for one in dataclasses.fields(Assumptions))
        raise InvalidInput(f"{text!r} is not an assumption's NAME=VALUE; there are: {known}")
    allowed = typing.get_args(hints[name]) or (hints[name],)
    found = _WORDS[value.casefold()] if value.casefold() in _WORDS else _number(value)
    if isinstance(found, str) or type(found) not in allowed:
        wanted = "true or false" if bool in allowed else "a number"
        raise InvalidInput(f"{name} is {wanted}, not {value!r}")
    return Assumed(name=name, value=found)


def fault(text: str, hosts: Collection[str]) -> ArmedFault:
    """Read ``HOST:COMMAND=KIND``; InvalidInput for what could never happen."""
    where, equals, kind = text.rpartition("=")
    host, colon, command = where.partition(":")
    if not (equals and colon):
        raise InvalidInput(f"{text!r} is not HOST:COMMAND=KIND, as web01:netsh http update=fail")
    if host not in hosts:
        raise InvalidInput(f"the lab has no host {host!r}; there are: {', '.join(hosts)}")
    if command not in COMMANDS and command.partition(" ")[0].casefold() not in PROGRAMS:
        known = ", ".join((*PROGRAMS, *COMMANDS))
        raise InvalidInput(f"the lab's hosts have no command {command!r}; there are: {known}")
    return ArmedFault(host=host, command=command, fault=_kind(kind))


def _kind(text: str) -> Fault:
    if text in ("nothing", "fail"):
        return text
    try:
        seconds = float(text.removeprefix(_SLOW)) if text.startswith(_SLOW) else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise InvalidInput(f"a fault is nothing, fail or slow:SECONDS, not {text!r}")
    return {"slow": seconds}


def _number(text: str) -> int | str:
    try:
        return int(text, 0)
    except ValueError:
        return text
