"""Which operations a rendered script holds, and with what parameters: the inverse of rendering."""

from __future__ import annotations

import re
from typing import Any

from psrebind.errors import ParameterError
from psrebind.lab.engines.model.literal_reader import read_literal
from psrebind.lab.engines.model.request import OperationRequest

_ASSIGNMENT = re.compile(r"\$([A-Z]\w*) = (.+)")
_SECRET = re.compile(r"\$Secrets\['(.+)'\]")
_FRAME = ("operation", "modules", "changes")


def read_script(text: str, secrets: dict[str, Any] | None = None) -> list[OperationRequest]:
    """Return the operations of a script that psrebind rendered; ParameterError for another one."""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        match = _ASSIGNMENT.fullmatch(line)
        if not match:
            continue
        name, value = match[1].lower(), match[2]
        if name == "operation":
            found.append({})
        if found and name not in found[-1]:
            secret = _SECRET.fullmatch(value)
            found[-1][name] = (secrets or {})[secret[1]] if secret else read_literal(value)
    if not found:
        raise ParameterError("no operation stands in this script")
    return [
        OperationRequest(
            values["operation"],
            tuple(values["modules"]),
            values["changes"],
            {name: value for name, value in values.items() if name not in _FRAME},
        )
        for values in found
    ]
