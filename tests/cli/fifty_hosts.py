"""Fifty hosts for the command line: what its tests on many hosts share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.command_line import Ran

from psrebind.lab.stage.lab import Lab

COUNT = 50
Many = Callable[..., Ran]


def written(folder: Path, addresses: dict[str, str], lab: Lab) -> Path:
    """An inventory of these hosts."""
    path = folder / "hosts.csv"
    lines = [f"{name},{address},{lab.user}\n" for name, address in addresses.items()]
    path.write_text("".join(["name,address,user\n", *lines]), "utf-8")
    return path


def json_lines(ran: Ran) -> list[dict[str, Any]]:
    """The rows of a command that printed JSON lines."""
    return [json.loads(line) for line in ran.out.splitlines()]


def sent(lab: Lab) -> Counter[str]:
    """How many requests of each action all hosts have taken."""
    return Counter(entry.action for host in lab.hosts.values() for entry in host.endpoint.requests)
