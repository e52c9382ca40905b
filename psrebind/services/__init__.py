"""The services whose places hold certificates; one file per service, found by listing this folder.

A file of a service has its value as ``SERVICE``; any other file here is shared by them.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from psrebind.operations.base import Change
from psrebind.services.base import Service


@cache
def services() -> tuple[Service[Any, Any], ...]:
    """All services, in the order in which their places are changed."""
    modules = (import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__))
    found = (module.SERVICE for module in modules if hasattr(module, "SERVICE"))
    return tuple(sorted(found, key=lambda one: (one.order, one.name)))


def service(name: str) -> Service[Any, Any]:
    """The service of a place, by its name; raises KeyError for an unknown one."""
    return {one.name: one for one in services()}[name]


def service_of(change: Change[Any]) -> Service[Any, Any] | None:
    """The service whose places a change is about; None where it changes something else."""
    asked = change.state().name()
    return next((one for one in services() if one.query.name() == asked), None)
