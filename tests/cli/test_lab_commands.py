"""The commands of the lab and the demo; those that start a lab have one of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from cli.command_line import Command, Ran

from psrebind.lab.runtime import Lab


def started(*words: str) -> Ran:
    """Run a command in a process of its own, as the one that starts a lab ends before it does."""
    command = [sys.executable, "-m", "psrebind", *words]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    return Ran(finished.returncode, finished.stdout, finished.stderr)


def wait_for_address() -> None:
    """Wait until the lab that was told to stop has let go of its address, for the next test."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_server(("127.0.20.11", 5985)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the lab is still listening")


def test_the_demo_without_powershell(psrebind: Command) -> None:
    """The demo goes as it tells, and says that no PowerShell ran and how to get the other."""
    ran = psrebind("demo", "--engine", "model")
    assert ran.status == 0
    assert "no PowerShell runs in this lab" in ran.out
    assert "PSREBIND_PWSH" in ran.out
    assert "$ psrebind rebind 127.0.20.11 --user labadmin --old " in ran.out
    assert ran.out.count("[exit status 3]") == 3
    assert "shop.example             the new certificate" in ran.out
    assert "legacy.example           the old certificate" in ran.out
    assert "Traceback" not in ran.err


def test_up_status_down(psrebind: Command, tmp_path: Path) -> None:
    """A lab comes up in the background, says how to use it, and is gone after down."""
    folder = ("--folder", str(tmp_path))
    up = started("lab", "up", *folder, "--engine", "model", "-f", "json")
    try:
        again = psrebind("lab", "up", *folder, "--engine", "model", "-f", "json")
        status = psrebind("lab", "status", *folder, "-f", "json")
    finally:
        down = psrebind("lab", "down", *folder)
        wait_for_address()
    assert [up.status, again.status, status.status, down.status] == [0, 0, 0, 0]
    assert [row["host"] for row in json.loads(up.out)] == ["web01", "web02", "web03"]
    assert json.loads(status.out) == json.loads(up.out)
    assert "no PowerShell runs in this lab" in up.err
    assert "psrebind rebind 127.0.20.11 -u labadmin --old " in up.err
    assert psrebind("lab", "status", *folder).status == 5


def test_the_demo_beside_a_running_lab(psrebind: Command, lab: Lab) -> None:
    """Two labs cannot have the same addresses: the second says so and starts nothing."""
    ran = psrebind("demo", "--engine", "model")
    assert (ran.status, ran.out) == (5, "")
    assert "stop another lab" in ran.err
    assert len(lab.hosts) == 3
