"""Work on a fleet, seen from within: rows stream, each host has its own time, plans are slim."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TypeVar

import pytest
from cli.command_line import Command, at_a_terminal
from cli.fifty_hosts import written
from labs import records, restored, running, sent, swap

from psrebind.cli.options import Connection, Source
from psrebind.cli.output.rows import Rows
from psrebind.cli.output.view import Present
from psrebind.cli.run import Request
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.run import Prepared
from psrebind.services.observation import Observation

T = TypeVar("T")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Eight hosts without PowerShell."""
    names = [f"web{number:02}" for number in range(1, 9)]
    with running(tmp_path_factory.mktemp("lab"), None, names=names) as found:
        yield found


@pytest.fixture
def twins(lab: Lab) -> Iterator[tuple[LabHost, LabHost]]:
    """Two hosts where the same renewal waits."""
    one, other = lab.hosts["web02"], lab.hosts["web08"]
    with restored(one), restored(other):
        state = one.host.state
        other.host.change(lambda now: replace(state, facts=now.facts))
        yield one, other


@pytest.fixture
def request_all(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    """What a command was asked for: the rows of all hosts, of which each may take 20 seconds."""
    monkeypatch.setenv("PSREBIND_PASSWORD", lab.password)
    path = written(tmp_path, {name: host.address for name, host in lab.hosts.items()}, lab)
    connection = Connection(inventory=path, host_timeout=20)
    return Request("all", connection, Source(), "jsonl")


def show(request: Request, work: Callable[[ScriptRunner], T], present: Present[T]) -> int:
    """Do work on hosts and show it."""
    return request.show(request.read(), lambda fleet: fleet.each(work), present)


def test_rows_stream(request_all: Request) -> None:
    """The first row is printed while the last host still runs: results are not collected first."""
    printed = Event()

    def work(runner: ScriptRunner) -> bool:
        return runner.name != "web08" or printed.wait(30)

    def present(in_time: bool, rows: Rows) -> int:
        assert in_time
        rows.show([{"seen": True}])
        printed.set()
        return 0

    assert show(request_all, work, present) == 0


def test_work_may_give_none(request_all: Request, capsys: pytest.CaptureFixture[str]) -> None:
    """A host whose work has nothing to give has been tried: it counts as what is said of it."""
    given: list[None] = []

    def present(nothing: None, _: Rows) -> int:
        given.append(nothing)
        return 0

    assert show(request_all, lambda _: None, present) == 0
    assert len(given) == 8
    assert "8 done" in capsys.readouterr().err


def test_each_host_has_its_own_time(request_all: Request) -> None:
    """Of a fleet, and alone: what --host-timeout says, counted from the host's own start."""
    seen: list[float] = []

    def work(runner: ScriptRunner) -> int:
        seen.append(runner.limits.remaining or 0)
        return 0

    assert show(request_all, work, lambda status, _: status) == 0
    one = replace(request_all, target="web01")
    assert show(one, work, lambda status, _: status) == 0
    assert len(seen) == 9
    assert all(5 < remaining <= 20 for remaining in seen)


def test_plans_that_wait_for_consent_are_slim(
    psrebind: Command,
    lab: Lab,
    request_all: Request,
    twins: tuple[LabHost, LabHost],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a person reads, plans of hosts that change are kept, and of their certificates
    none but the renewal's two, in the two stores."""
    kept: list[int] = []

    class Person(io.StringIO):
        """Somebody at a terminal who says no."""

        def isatty(self) -> bool:
            return True

        def readline(self, *_: object) -> str:
            gc.collect()
            found = [one for one in gc.get_objects() if isinstance(one, (Prepared, Observation))]
            plans = [one for one in found if isinstance(one, Prepared)]
            full = [
                one for one in found if isinstance(one, Observation) and len(one.certificates) > 4
            ]
            kept.extend((len(plans), len(full)))
            return "n\n"

    monkeypatch.setattr(sys, "stdin", Person())
    waiting = swap(lab, "web02")
    words = ("web*", "--old", waiting.old, "--new", waiting.new)
    assert psrebind("rebind", *words, "-i", str(request_all.connection.inventory)).status == 3
    assert kept == [2, 0]


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize(("command", "commands"), [("rebind", 1), ("replay", 1)])
def test_after_ctrl_c_while_planning_nothing_is_asked(
    lab: Lab,
    request_all: Request,
    twins: tuple[LabHost, LabHost],
    tmp_path: Path,
    command: str,
    commands: int,
) -> None:
    """Plans that are there already are not offered, and a yes that was typed ahead does nothing."""
    one = twins[0]
    before, requests = records(one), len(sent(one))
    hanging = lab.hosts["web03"]
    hanging.faults.arm(NetworkFault.HANG, times=None)
    waiting = swap(lab, "web02")
    words = [command, "web*"]
    words += ["--old", waiting.old, "--new", waiting.new] if command == "rebind" else []
    environment = {"PSREBIND_PASSWORD": lab.password, "PSREBIND_BEFORE_FOLDER": str(tmp_path / "b")}
    inventory = ["-i", str(request_all.connection.inventory)]
    try:
        with at_a_terminal([*words, *inventory], environment) as (process, typed):
            os.write(typed, b"y\n")
            while "Delete" not in sent(twins[0])[requests:] and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=60)[1]
    finally:
        hanging.faults.disarm()
    assert process.returncode == 130
    assert "[y/N]" not in said
    assert "cancelled: nothing was changed" in said
    assert records(one) == before
    assert sent(one)[requests:].count("Command") == commands
