"""How a command of the tests ended, and what runs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """How one command ended."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]
