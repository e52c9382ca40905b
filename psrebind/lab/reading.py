"""Which operations a rendered script holds, and with what parameters: the inverse of rendering.

For the engine without PowerShell. Reads the assignments that the frames and templates have; it
knows nothing of what the lines between them do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from psrebind.errors import ParameterError
from psrebind.lab.literal_reader import read_literal

_ASSIGNMENT = re.compile(r"\$([A-Z]\w*) = (.+)")
_SECRET = re.compile(r"\$Secrets\['(.+)'\]")
_FRAME = ("operation", "modules", "changes")


@dataclass(frozen=True)
class Asked:
    """One operation of a script, its parameters by folded name (``ssl_flags`` is sslflags)."""

    operation: str
    modules: tuple[str, ...]
    changes: bool
    values: dict[str, Any] = field(default_factory=dict)
    # What was found once, for all operations of the script; `reading` where none does more.
    memory: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def value(self, name: str) -> Any:
        """A parameter by the name that the template gives it."""
        return self.values[name.replace("_", "")]


def read_script(text: str, secrets: dict[str, Any] | None = None) -> list[Asked]:
    """Give the operations of a script that psrebind rendered; ParameterError for another one."""
    found: list[dict[str, Any]] = []
    memory: dict[Any, Any] = {"reading": False}
    for line in text.splitlines():
        match = _ASSIGNMENT.fullmatch(line)
        if not match:
            continue
        name = match[1].lower()
        if name == "reading" and not found:
            memory[name] = read_literal(match[2])
        if name == "operation":
            found.append({})
        if found and name not in found[-1]:
            found[-1][name] = _value(match[2], secrets or {})
    if not found:
        raise ParameterError("no operation stands in this script")
    return [_asked(values, memory) for values in found]


def _value(text: str, secrets: dict[str, Any]) -> Any:
    if match := _SECRET.fullmatch(text):
        return secrets[match[1]]
    return read_literal(text)


def _asked(values: dict[str, Any], memory: dict[Any, Any]) -> Asked:
    rest = {name: value for name, value in values.items() if name not in _FRAME}
    return Asked(values["operation"], tuple(values["modules"]), values["changes"], rest, memory)
