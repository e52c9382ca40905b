"""The command rebind on labs: losses at every request, what is sent, and what is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cli.command_line import Command
from labs import records, restored, running, sent, shells_left, swap

from psrebind.cli import main
from psrebind.lab.faults import NetworkFault
from psrebind.lab.httpsys import Record, RecordKind
from psrebind.lab.runtime import Lab, LabHost
from psrebind.lab.state import Binding, HostState, Site

# What one rebind costs on the engine without PowerShell; the first test holds the list.
ACTIONS = ["Logon", "Logon", "Logon", "Create", "Receive", "Command", "Receive", "Signal"]
ACTIONS += ["Command", "Receive", "Signal", "Delete"]
READING = ACTIONS.index("Command")
CHANGING = ACTIONS.index("Command", READING + 1)
REQUESTS = range(len(ACTIONS))
UNREACHABLE, UNKNOWN, INTERRUPTED = 4, 6, 130


@pytest.fixture(scope="module", params=["model", pytest.param("pwsh", marks=pytest.mark.engine)])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of many hosts, once without and once with a PowerShell."""
    engine: Path | None = None
    if request.param == "pwsh":
        engine = request.getfixturevalue("pwsh")
    # Half of the lab's stories have a renewal that waits; each request needs a host of its own.
    names = [f"web{number:02}" for number in range(1, 2 * len(ACTIONS) + 1)]
    with running(tmp_path_factory.mktemp("lab"), engine, names=names) as found:
        yield found


@pytest.fixture
def hosts(lab: Lab) -> Iterator[list[LabHost]]:
    """The hosts where a renewal waits; as they were, after each test."""
    waiting = {one.host for one in lab.scenario.summary}
    with ExitStack() as stack:
        yield [stack.enter_context(restored(lab.hosts[name])) for name in sorted(waiting)]


@pytest.fixture
def web02(hosts: list[LabHost]) -> LabHost:
    """A host whose bindings can all be rebound."""
    return hosts[1]


def words(lab: Lab, host: LabHost, *more: str) -> list[str]:
    """The command line of a host's rebind."""
    waiting = swap(lab, host.name)
    return ["rebind", host.address, "--old", waiting.old, "--new", waiting.new, *more]


def final(lab: Lab, host: LabHost) -> int:
    """The exit status of a host's rebind in the end: 3 where the plan refuses a name that is lost.
    """
    return 3 if swap(lab, host.name).lost else 0


def is_done(lab: Lab, host: LabHost) -> bool:
    """Whether every record has the new certificate, those of lost names apart."""
    waiting = swap(lab, host.name)
    return all(
        record.thumbprint == waiting.new
        for name, record in records(host).items()
        if record.thumbprint and not any(lost in name for lost in waiting.lost)
    )


@dataclass(frozen=True)
class Loss:
    """A host before a run that was lost, and how that run ended."""

    host: LabHost
    before: HostState
    status: int

    def complaint(self, lab: Lab, as_admin: Command, wanted: int) -> str | None:
        """What is wrong with it, and with finishing the work by the same command; or None."""
        changed = self.host.host.state != self.before
        left = shells_left(self.host)
        again = as_admin(*words(lab, self.host)).status
        right = (self.status, left, again) == (wanted, 0, final(lab, self.host))
        untouched = not (changed and self.status == UNREACHABLE)
        if right and untouched and is_done(lab, self.host):
            return None
        return (
            f"{self.host.name}: {self.status} instead of {wanted}, {left} shells, "
            f"changed: {changed}, again: {again}"
        )


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
    """Unreachable before Command, unknown until its answer is there, then what it said."""

    def status(number: int, host: LabHost) -> int:
        if number < READING:
            return UNREACHABLE
        return UNKNOWN if ACTIONS[number] in ("Command", "Receive") else final(lab, host)

    return status


@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_the_requests_are_those_of_the_list(
    as_admin: Command, lab: Lab, hosts: list[LabHost]
) -> None:
    """A rebind is these requests, which the tests below go through one by one."""
    for host in hosts[:3]:
        before = len(sent(host))
        assert as_admin(*words(lab, host)).status == final(lab, host)
        assert sent(host)[before:] == ACTIONS


@pytest.mark.parametrize("lab", ["model"], indirect=True)
@pytest.mark.parametrize("fault", [NetworkFault.CUT_BEFORE, NetworkFault.CUT_AFTER])
def test_a_cut_at_each_request(
    as_admin: Command, lab: Lab, hosts: list[LabHost], fault: NetworkFault
) -> None:
    """Unreachable before Command, unknown after, no shell stays; again finishes the work."""

    def lose(number: int) -> Loss:
        host = hosts[number]
        before = host.host.state
        host.faults.arm(fault, number=number + 1)
        return Loss(host, before, as_admin(*words(lab, host)).status)

    losses = [lose(number) for number in REQUESTS]
    assert complaints(lab, as_admin, losses, after_a_cut(lab)) == []


@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_a_time_limit_at_each_request(as_admin: Command, lab: Lab, hosts: list[LabHost]) -> None:
    """A host that falls silent is left at the limit, with the status of a cut; no shell stays."""

    def lose(number: int) -> Loss:
        host = hosts[number]
        before = host.host.state
        host.faults.arm(NetworkFault.STALL, number=number + 1)
        options = ("--user", lab.user, "--timeout", "5")
        return Loss(host, before, main(words(lab, host, *options)))

    with ThreadPoolExecutor(len(ACTIONS)) as pool:
        losses = list(pool.map(lose, REQUESTS))
    cut = after_a_cut(lab)

    def wanted(number: int, host: LabHost) -> int:
        # Tidying up after the reading takes the time of the change, which is then not sent.
        between = READING < number < CHANGING and ACTIONS[number] == "Signal"
        return UNREACHABLE if between else cut(number, host)

    assert complaints(lab, as_admin, losses, wanted) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_ctrl_c_at_each_request(as_admin: Command, lab: Lab, hosts: list[LabHost]) -> None:
    """A person ends it wherever it waits: status 130, no shell stays, again finishes the work."""
    said: dict[int, str] = {}

    def lose(number: int) -> Loss:
        host = hosts[number]
        before = host.host.state
        host.faults.arm(NetworkFault.STALL, number=number + 1)
        command = [sys.executable, "-m", "psrebind", *words(lab, host, "--user", lab.user)]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            while host.faults.armed and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            said[number] = process.communicate(timeout=60)[1]
        return Loss(host, before, process.returncode)

    with ThreadPoolExecutor(4) as pool:
        losses = list(pool.map(lose, REQUESTS))
    assert complaints(lab, as_admin, losses, lambda number, host: INTERRUPTED) == []
    assert all(text.endswith("psrebind: interrupted\n") for text in said.values()), said
    assert "Traceback" not in "".join(said.values())
    for number in (CHANGING, CHANGING + 1):
        assert "whether the changes ran is unknown" in said[number]
