"""The command rebind where the connection does not hold, at each of its requests in turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from cli.command_line import Command
from cli.losses import INTERRUPTED, UNKNOWN, UNREACHABLE, Loss
from labs import final_status, rebind_words, restored, running, sent

from psrebind.cli import main
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab, LabHost

# What one rebind costs on the engine without PowerShell; the first test holds the list.
ACTIONS = ["Logon", "Logon", "Logon", "Create", "Receive", "Command", "Receive", "Signal"]
ACTIONS += ["Command", "Receive", "Delete"]
READING = ACTIONS.index("Command")
CHANGING = ACTIONS.index("Command", READING + 1)
REQUESTS = range(len(ACTIONS))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab without PowerShell, with a host for each request of a rebind."""
    # Half of the lab's stories have a renewal that waits.
    names = [f"web{number:02}" for number in range(1, 2 * len(ACTIONS) + 3)]
    with running(tmp_path_factory.mktemp("lab"), None, names=names) as found:
        yield found


@pytest.fixture
def hosts(lab: Lab) -> Iterator[list[LabHost]]:
    """The hosts where a renewal waits; as they were, after each test."""
    waiting = {one.host for one in lab.scenario.summary}
    with ExitStack() as stack:
        yield [stack.enter_context(restored(lab.hosts[name])) for name in sorted(waiting)]


def complaints(
    lab: Lab, as_admin: Command, losses: list[Loss], wanted: Callable[[int, LabHost], int]
) -> list[str]:
    """What is wrong after a loss at each request."""
    found = [
        f"{number} {ACTIONS[number]}: {said}"
        for number, loss in enumerate(losses)
        if (said := loss.complaint(lab, as_admin, wanted(number, loss.host)))
    ]
    assert len(losses) == len(ACTIONS)
    return found


def after_a_cut(lab: Lab) -> Callable[[int, LabHost], int]:
    """Unreachable until it was read, unknown from the change's Command to its answer."""

    def status(number: int, host: LabHost) -> int:
        if number <= READING + 1:
            return UNREACHABLE
        return UNKNOWN if number in (CHANGING, CHANGING + 1) else final_status(lab, host)

    return status


def test_the_requests_are_those_of_the_list(
    as_admin: Command, lab: Lab, hosts: list[LabHost]
) -> None:
    """A rebind is these requests, which the tests below go through one by one."""
    for host in hosts[:3]:
        before = len(sent(host))
        assert as_admin(*rebind_words(lab, host)).status == final_status(lab, host)
        assert sent(host)[before:] == ACTIONS


@pytest.mark.parametrize("fault", [NetworkFault.CUT_BEFORE, NetworkFault.CUT_AFTER])
def test_a_cut_at_each_request(
    as_admin: Command, lab: Lab, hosts: list[LabHost], fault: NetworkFault
) -> None:
    """Unreachable while read, unknown while changed; no reading's shell stays; again finishes."""

    def lose(number: int) -> Loss:
        host = hosts[number]
        before, shells = host.host.state, host.endpoint.open_shells
        host.faults.arm(fault, number=number + 1)
        return Loss(host, before, as_admin(*rebind_words(lab, host)).status, shells)

    losses = [lose(number) for number in REQUESTS]
    assert complaints(lab, as_admin, losses, after_a_cut(lab)) == []


def test_a_time_limit_at_each_request(as_admin: Command, lab: Lab, hosts: list[LabHost]) -> None:
    """A host that falls silent is left at the limit, with the status of a cut."""

    def lose(number: int) -> Loss:
        host = hosts[number]
        before, shells = host.host.state, host.endpoint.open_shells
        # A Receive that gets no answer is sent again before a reading is given up.
        times = 2 if number == READING + 1 else 1
        host.faults.arm(NetworkFault.STALL, number=number + 1, times=times)
        options = ("--user", lab.user, "--timeout", "12")
        return Loss(host, before, main(rebind_words(lab, host, *options)), shells)

    with ThreadPoolExecutor(len(ACTIONS)) as pool:
        losses = list(pool.map(lose, REQUESTS))
    cut = after_a_cut(lab)

    def wanted(number: int, host: LabHost) -> int:
        # Tidying up after the reading takes the time of the change, which is then not sent.
        between = READING < number < CHANGING and ACTIONS[number] == "Signal"
        return UNREACHABLE if between else cut(number, host)

    assert complaints(lab, as_admin, losses, wanted) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_at_each_request(as_admin: Command, lab: Lab, hosts: list[LabHost]) -> None:
    """A person ends it wherever it waits, a change by a second press: 130; again finishes it."""
    said: dict[int, str] = {}
    shown: dict[int, str] = {}

    def lose(number: int) -> Loss:
        host = hosts[number]
        before, shells = host.host.state, host.endpoint.open_shells
        host.faults.arm(NetworkFault.STALL, number=number + 1)
        command = [sys.executable, "-m", "psrebind", *rebind_words(lab, host, "--user", lab.user)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            while host.faults.armed and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            told = ""
            if number in (CHANGING, CHANGING + 1):
                assert process.stderr
                while "not stopped in its middle" not in told and (
                    line := process.stderr.readline()
                ):
                    told += line
                process.send_signal(signal.SIGINT)
            shown[number], rest = process.communicate(timeout=60)
            said[number] = told + rest
        return Loss(host, before, process.returncode, shells)

    with ThreadPoolExecutor(len(ACTIONS)) as pool:
        losses = list(pool.map(lose, REQUESTS))
    assert complaints(lab, as_admin, losses, lambda number, host: INTERRUPTED) == []
    assert all(text.endswith("psrebind: interrupted\n") for text in said.values()), said
    assert "Traceback" not in "".join(said.values())
    for number in (CHANGING, CHANGING + 1):
        assert "whether the changes ran is unknown" in said[number]
    assert "verified" in shown[CHANGING + 2]
