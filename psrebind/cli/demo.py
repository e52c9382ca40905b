"""The demo."""

from __future__ import annotations


def demo() -> int:
    """Demo."""
    return 0
