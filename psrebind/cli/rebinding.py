"""The command rebind."""

from __future__ import annotations


def rebind() -> int:
    """Rebind."""
    return 0
