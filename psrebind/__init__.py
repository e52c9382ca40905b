"""Replace renewed certificates on Windows hosts, and check them by TLS handshake."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet as Fleet

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import the public API when it is asked for: `psrebind --version` need not pay for it."""
    if name == "Fleet":
        from psrebind.fleet.fleet import Fleet

        return Fleet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
