"""A template mutant, and how it is shown that a check notices it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from labs import Check, connect, restored

from psrebind.errors import HostError
from psrebind.lab.stage.lab import Lab
from psrebind.templates import Library

TEMPLATES = Path(__file__).parents[2] / "ps_templates"


@dataclass(frozen=True)
class Mutant:
    """One edit of one template, and the check that must notice it."""

    name: str
    template: str
    old: str
    new: str
    killer: Check


def kill(lab: Lab, folder: Path, mutant: Mutant) -> None:
    """Let the mutant's check run on the broken template, where it has to fail."""
    package = folder / "templates"
    shutil.copytree(TEMPLATES, package)
    file = package / f"{mutant.template}.ps1.j2"
    source = file.read_text()
    assert mutant.old in source
    file.write_text(source.replace(mutant.old, mutant.new))
    broken = Library(package=package)
    killed = pytest.raises((AssertionError, HostError))
    with restored(lab.hosts["web01"]), connect(lab) as session, killed:
        mutant.killer(lab, session, broken)
