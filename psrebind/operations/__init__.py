"""What can be asked of one host; one file per operation, found by listing this folder."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from psrebind.errors import ParameterError
from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.operations.base import Change as Change
    from psrebind.operations.base import Notice as Notice
    from psrebind.operations.base import Operation as Operation
    from psrebind.operations.base import Query as Query
    from psrebind.operations.base import render as render
    from psrebind.operations.get_lifecycle_event import GetLifecycleEvent as GetLifecycleEvent
    from psrebind.operations.parameters import OperationLine as OperationLine
    from psrebind.operations.parameters import parse_parameters as parse_parameters
    from psrebind.operations.parameters import require_whole as require_whole
    from psrebind.operations.runner import Renderer as Renderer
    from psrebind.operations.runner import ScriptRunner as ScriptRunner
    from psrebind.operations.runner import run as run
else:
    _PARAMETERS = f"{__name__}.parameters"
    __getattr__ = lazy_names(
        __name__,
        dict.fromkeys(("OperationLine", "parse_parameters", "require_whole"), _PARAMETERS)
        | dict.fromkeys(("Change", "Notice", "Operation", "Query", "render"), f"{__name__}.base")
        | {"GetLifecycleEvent": f"{__name__}.get_lifecycle_event"}
        | dict.fromkeys(("Renderer", "ScriptRunner", "run"), f"{__name__}.runner"),
    )


@cache
def names() -> tuple[str, ...]:
    """The names of all operations, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    # An operation is named by a verb and a noun; a module of one word only serves them.
    return tuple(sorted(name for name in found if "_" in name))


def operation(name: str) -> type[Operation[Any]]:
    """Give an operation's class by its name; raise ParameterError for an unknown one."""
    if name not in names():
        known = ", ".join(names())
        raise ParameterError(f"there is no operation {name!r}; there are: {known}")
    module = import_module(f"{__name__}.{name}")
    found: type[Operation[Any]] = getattr(module, name.title().replace("_", ""))
    return found
