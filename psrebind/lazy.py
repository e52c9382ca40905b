"""Names of a package that are imported when somebody first asks for one (PEP 562).

Some libraries cost more than all else that a start of the command needs; ``--help`` and the
completion of words do without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_names(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """The ``__getattr__`` of a package: by the names, the modules that have them."""

    def get(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name]), name)

    return get
