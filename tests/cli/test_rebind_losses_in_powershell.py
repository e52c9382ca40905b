"""The command rebind where the connection does not hold while a real PowerShell works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.command_line import Command
from cli.losses import UNKNOWN, UNREACHABLE, Loss
from labs import (
    final_status,
    is_rebound,
    rebind_words,
    restored,
    running,
    sent,
    settle,
    shells_left,
)

from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab, LabHost

NAME = "web02"  # all of its bindings can be rebound
# More than a rebind takes: how often a client asks for output depends on the machine.
AT_MOST, ENOUGH = 30, 3


@pytest.fixture(scope="module")
def lab(pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with a PowerShell."""
    with running(tmp_path_factory.mktemp("lab"), pwsh) as found:
        yield found


def release(host: LabHost) -> None:
    """Let a host's changes wait no more."""
    host.host.sleep(0)


@contextmanager
def changing(host: LabHost) -> Iterator[threading.Event]:
    """Let a host's changes wait for ever; the event is set when the first one has begun."""
    began, over = threading.Event(), threading.Event()
    sleep = host.host.sleep
    host.host.faults["binding.AddSslCertificate"] = {"slow": 60}

    def wait(seconds: float) -> None:
        if seconds == 0:
            over.set()
        began.set()
        over.wait(seconds)

    host.host.sleep = wait
    try:
        yield began
    finally:
        over.set()
        host.host.sleep = sleep
        host.host.faults.clear()


def status_after(actions: list[str], lab: Lab, host: LabHost) -> int:
    """What a rebind ends with that was cut at the last of these requests."""
    lost = actions[-1] in ("Command", "Receive")
    if "Command" not in actions or (lost and actions.count("Command") == 1):
        return UNREACHABLE
    return UNKNOWN if lost else final_status(lab, host)


def test_a_cut_at_each_request(as_admin: Command, lab: Lab) -> None:
    """Unreachable while read, unknown while changed; again finishes the work."""
    wrong: list[str] = []
    met: set[tuple[str, int]] = set()
    missed = 0
    for number in range(1, AT_MOST):
        with restored(lab.hosts[NAME]) as host:
            before, count = host.host.state, len(sent(host))
            shells = host.endpoint.open_shells
            host.faults.arm(NetworkFault.CUT_AFTER, number=number)
            status = as_admin(*rebind_words(lab, host)).status
            if host.faults.armed:
                # One rebind may take a request less than another: go on for a little.
                missed += 1
                if missed == ENOUGH:
                    break
                continue
            actions = sent(host)[count : count + number]
            met.add((actions[-1], actions.count("Command")))
            wanted = status_after(actions, lab, host)
            if said := Loss(host, before, status, shells).complaint(lab, as_admin, wanted):
                wrong.append(f"{number} {actions[-1]}: {said}")
    assert wrong == []
    # Before anything ran, while it was read, and while it was changed.
    assert {commands for _, commands in met} == {0, 1, 2}


def test_a_time_limit_while_it_changes(as_admin: Command, lab: Lab) -> None:
    """A host that is busy at the limit is waited for no longer, and its change comes to its end."""
    with restored(lab.hosts[NAME]) as host:
        with changing(host) as began:
            ran = as_admin(*rebind_words(lab, host), "--timeout", "25")
            assert began.is_set()
        assert ran.status == UNKNOWN
        assert "the time limit of 25 s has passed" in ran.err
        assert "was not stopped" in ran.err
        settle(lab, host)
        assert is_rebound(lab, host)
        assert as_admin(*rebind_words(lab, host)).status == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_while_it_changes(lab: Lab, number: signal.Signals, status: int) -> None:
    """A change comes to its end, and is shown, before the signal ends the run."""
    with restored(lab.hosts[NAME]) as host:
        shells = host.endpoint.open_shells
        words = rebind_words(lab, host, "--user", lab.user)
        command = [sys.executable, "-m", "psrebind", *words]
        with (
            changing(host) as began,
            subprocess.Popen(
                command,
                env=os.environ | {"PSREBIND_PASSWORD": lab.password},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
        ):
            assert process.stderr
            assert began.wait(60)
            process.send_signal(number)
            told = ""
            while "not stopped in its middle" not in told and (line := process.stderr.readline()):
                told += line
            release(host)
            shown, rest = process.communicate(timeout=60)
        assert "changed" in shown
        assert rest.endswith("psrebind: interrupted\n")
        assert (process.returncode, shells_left(host, shells)) == (status, shells)
        assert is_rebound(lab, host)
