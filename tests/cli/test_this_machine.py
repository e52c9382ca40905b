"""`localhost` on the command line: this machine, without WinRM."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli.command_line import Command

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a program of a POSIX shell")


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the engine that PSREBIND_PWSH names writes its environment, when it is started."""
    found = tmp_path / "trace"
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\nenv >{found}; exit 1\n", "ascii")
    engine.chmod(0o755)
    monkeypatch.setenv("PSREBIND_PWSH", str(engine))
    return found


def test_no_password_reaches_its_powershell(
    psrebind: Command, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable that --password-env names stays here, and PSREBIND_PASSWORD too."""
    monkeypatch.setenv("SYSTEMROOT", "/windows")
    monkeypatch.setenv("PSREBIND_PASSWORD", "sesame")
    monkeypatch.setenv("ADMIN_PASSWORD", "sesame")
    ran = psrebind("hosts", "localhost", "--password-env", "ADMIN_PASSWORD")
    assert (ran.status, "Is it a PowerShell?" in ran.err) == (4, True)
    assert "sesame" not in trace.read_text("utf-8")


def test_a_machine_without_windows_is_named(
    psrebind: Command, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and nothing was run."""
    monkeypatch.delenv("SYSTEMROOT", raising=False)
    ran = psrebind("hosts", "localhost")
    assert ran.status == 4
    assert ran.err == (
        "psrebind: localhost: this machine is no Windows. Name a Windows host instead\n"
    )
    assert not trace.exists()
