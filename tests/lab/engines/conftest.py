"""Script bodies on shells of the lab's stubs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab.engines.stub_shell import run_body
from lab.engines.task_host import TaskHost


@pytest.fixture
def run(pwsh: Path, tmp_path: Path) -> Callable[..., Any]:
    """Run a script body on a shell of a host, and return its output."""
    return lambda body, host=None: run_body(pwsh, tmp_path, body, host or TaskHost())
