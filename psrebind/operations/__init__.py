"""What can be asked of one host; one file per operation, found by listing this folder."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from psrebind.errors import ParameterError
from psrebind.operations.base import Change, Notice, Operation, Query, render
from psrebind.operations.script_runner import Renderer, ScriptRunner, run

__all__ = [
    "Change",
    "Notice",
    "Operation",
    "Query",
    "Renderer",
    "ScriptRunner",
    "names",
    "operation",
    "render",
    "run",
]
_OTHERS = ("base", "script_runner")


@cache
def names() -> tuple[str, ...]:
    """The names of all operations, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if name not in _OTHERS))


def operation(name: str) -> type[Operation[Any]]:
    """Give an operation's class by its name; raise ParameterError for an unknown one."""
    if name not in names():
        known = ", ".join(names())
        raise ParameterError(f"there is no operation {name!r}; there are: {known}")
    module = import_module(f"{__name__}.{name}")
    found: type[Operation[Any]] = getattr(module, name.title().replace("_", ""))
    return found
