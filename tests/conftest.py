"""What many tests need: a PowerShell, or a reason to skip."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell script's job in the background ignores Ctrl-C, and so would the commands of the tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def pwsh() -> Path:
    """The PowerShell that PSREBIND_PWSH names, or one on the PATH; skips without."""
    found = os.environ.get("PSREBIND_PWSH") or shutil.which("pwsh")
    if not found:
        pytest.skip("no PowerShell: set PSREBIND_PWSH to one")
    return Path(found).resolve()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take --write-rendered: renew the scripts kept for review."""
    parser.addoption("--write-rendered", action="store_true", default=False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for a PowerShell, so that ``-m engine`` finds all of it."""
    for item in items:
        if "pwsh" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
