"""The command line on this machine itself: a local PowerShell, no WinRM, and no password in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli.command_line import Command

pytestmark = pytest.mark.skipif(os.name == "nt", reason="what Windows answers is not known here")
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def here(psrebind: Command, pwsh: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run one command line where this machine passes for a Windows with the tests' engine."""
    monkeypatch.setenv("SYSTEMROOT", "/windows")
    monkeypatch.setenv("PSREBIND_PWSH", str(pwsh))
    return psrebind


@pytest.mark.parametrize(
    "words",
    [
        ("bindings", "localhost"),
        ("invoke", "get_iis_binding", "localhost"),
        ("task", "status", "localhost"),
        ("rebind", "localhost", "--old", OLD, "--new", NEW, "--yes"),
    ],
)
def test_what_the_engine_lacks_is_said(here: Command, words: tuple[str, ...]) -> None:
    """The scripts run in the local engine, whose refusal is one sentence with the host's name."""
    ran = here(*words)
    assert (ran.status, ran.out) == (2, ""), ran.err
    assert ran.err.startswith("psrebind: localhost: ")
    assert "Traceback" not in ran.err


def test_localhost_among_others_is_told(here: Command, tmp_path: Path) -> None:
    """In an inventory it is a host like others, and its failure is in the sum."""
    path = tmp_path / "hosts.txt"
    path.write_text("localhost\n", "utf-8")
    ran = here("bindings", "all", "-i", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert "1 host failed: localhost: " in ran.err
