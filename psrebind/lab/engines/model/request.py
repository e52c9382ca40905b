"""What one operation of a script is asked with, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from psrebind.lab.engines.model.records import Row
from psrebind.lab.windows.host import Host


@dataclass(frozen=True)
class OperationRequest:
    """One operation of a script, its parameters by folded name (``ssl_flags`` is sslflags)."""

    operation: str
    modules: tuple[str, ...]
    changes: bool
    values: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """Return a parameter by the name that the template gives it."""
        return self.values[name.replace("_", "")]


class Refused(Exception):
    """What a template throws of its own accord; ``remark`` is what had to be added to it."""

    remark = ""


# A text among the rows is a warning.
Answer = Callable[[Host, OperationRequest], Iterator[Row | str]]


def native(host: Host, program: str, *arguments: str) -> Row:
    """Return how a program ended."""
    found: Row = host.call("native", {"program": program, "arguments": list(arguments)})
    return found
