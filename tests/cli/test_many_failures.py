"""Runs of many hosts that do not go well: who failed of what, and what is left behind."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from cli.command_line import Ran
from cli.fifty_hosts import Many, json_lines, written
from labs import shells_left

from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab


def test_a_wrong_password_is_tried_once(
    many: Many, fifty: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty hosts of one credential: one logon attempt, and the refusal told once."""
    before = attempts(fifty)
    monkeypatch.setenv("PSREBIND_PASSWORD", "wrong")
    ran = many("bindings", "all")
    assert (ran.status, ran.out) == (4, "")
    assert attempts(fifty) == before + 1
    tried = re.search(r"1 host unreachable: (web\d\d): .*refused the credential", ran.err)
    assert tried
    assert "49 hosts unreachable: web" in ran.err
    assert f"and 44 more: not tried: {tried[1]} refused the same credential" in ran.err
    assert ran.err.count("\n") == 3


def attempts(lab: Lab) -> int:
    """How often somebody tried to log on, on all hosts."""
    logons = (host.endpoint.logons.get(lab.user) for host in lab.hosts.values())
    return sum(one.attempts for one in logons if one)


def test_each_failure_is_in_its_class(
    many: Many, fifty: Lab, tmp_path: Path, inventory: Path
) -> None:
    """Dead, hanging, cut midway and failing hosts beside good ones: all told, nothing left open."""
    command = commanding(many, fifty)
    dead, hanging, cut, failing = (list(fifty.hosts)[at : at + 5] for at in (1, 10, 20, 30))
    addresses = {name: host.address for name, host in fifty.hosts.items()}
    beyond = addresses["web50"].rpartition(".")[0]
    addresses |= {name: f"{beyond}.{200 + number}" for number, name in enumerate(dead)}
    written(tmp_path, addresses, fifty)
    for name in hanging:
        fifty.hosts[name].faults.arm(NetworkFault.HANG, times=None)
    for name in cut:
        fifty.hosts[name].faults.arm(NetworkFault.CUT_AFTER, number=command)
    for name in failing:
        fifty.hosts[name].host.faults["iis.bindings"] = "fail"
    try:
        ran = many("bindings", "all", "-f", "jsonl", "--host-timeout", "16")
    finally:
        for host in fifty.hosts.values():
            host.faults.disarm()
            host.host.faults.clear()
    # A reading that was cut changed nothing: not reached; a failure on a host counts more.
    assert ran.status == 2
    good = set(fifty.hosts) - {*dead, *hanging, *cut, *failing}
    assert {row["host"] for row in json_lines(ran)} == good
    told = ran.err.splitlines()
    for word, names in [
        ("unreachable", dead),
        ("unreachable", hanging),
        ("unreachable", cut),
        ("failed", failing),
    ]:
        assert any(f"5 hosts {word}: " in line and names[0] in line for line in told), ran.err
    assert "30 done, 15 unreachable, 5 failed" in told[-1]
    assert not any(shells_left(host) for host in fifty.hosts.values())


def commanding(many: Many, lab: Lab) -> int:
    """The number of the request that sends a host its command."""
    endpoint = lab.hosts["web01"].endpoint
    before = len(endpoint.requests)
    assert many("bindings", "web01").status == 0
    return [entry.action for entry in endpoint.requests[before:]].index("Command") + 1


def test_ctrl_c_stops_in_order(fifty: Lab, inventory: Path) -> None:
    """The first Ctrl-C starts no new host, says what became of all, and leaves no shell."""
    ran = interrupted(fifty, inventory, presses=1)
    assert ran.status == 130
    assert "stopping the hosts that run" in ran.err
    assert "50 hosts in" in ran.err
    assert "skipped" in ran.err
    assert not any(shells_left(host) for host in fifty.hosts.values())


def test_a_second_ctrl_c_leaves_at_once(fifty: Lab, inventory: Path) -> None:
    """Whoever presses twice does not wait for hosts that hang."""
    ran = interrupted(fifty, inventory, presses=2)
    assert ran.status == 130
    assert "50 hosts in" not in ran.err
    assert re.search(r"\n\d+ hosts were still running: ", ran.err.replace("psrebind: ", ""))
    assert "shells there end by themselves after 3 minutes of idleness" in ran.err


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_second_ctrl_c_prints_what_there_is(fifty: Lab, inventory: Path, form: str) -> None:
    """Rows that waited for the others are not lost."""
    ran = interrupted(fifty, inventory, presses=2, form=form)
    assert ran.status == 130
    assert "still running" in ran.err
    if form == "json":
        assert {row["host"] for row in json.loads(ran.out)} == {"web01"}
    else:
        assert ran.out.split(maxsplit=1)[0].startswith("host")
        assert "web01" in ran.out


def interrupted(lab: Lab, inventory: Path, *, presses: int, form: str = "jsonl") -> Ran:
    """A command that is interrupted while every host but the first hangs."""
    for name, host in lab.hosts.items():
        if name != "web01":
            host.faults.arm(NetworkFault.HANG, times=None)
    # The first host beyond the forks begins once the row of the one that ended is kept. Its first
    # request is answered, so that one sees it.
    next_host = lab.hosts["web21"]
    next_host.faults.disarm()
    next_host.faults.arm(NetworkFault.STALL, number=2, times=None)
    words = [
        sys.executable,
        "-m",
        "psrebind",
        "bindings",
        "all",
        "-i",
        str(inventory),
        "-f",
        form,
    ]
    before = len(next_host.endpoint.requests)
    try:
        with subprocess.Popen(
            words,
            env=os.environ | {"PSREBIND_PASSWORD": lab.password},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            assert process.stderr
            # A row of the first host: its credential was accepted, and the others have begun.
            first = process.stdout.readline() if form == "jsonl" else ""
            while len(next_host.endpoint.requests) == before and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            said = process.stderr.readline() + process.stderr.readline()
            if presses == 2:
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    finally:
        for host in lab.hosts.values():
            host.faults.disarm()
    return Ran(process.returncode, first + out, said + err)


def test_a_terminal_sees_the_run_and_whole_rows(fifty: Lab, inventory: Path) -> None:
    """How many of how many ended, and how; each row is on a line of its own all the same."""
    ours, theirs = pty.openpty()
    words = ["certificates", "all", "-i", str(inventory), "-f", "jsonl", "--forks", "5"]
    terminal = {"COLUMNS": "100", "TERM": "xterm", "PSREBIND_PASSWORD": fifty.password}
    with subprocess.Popen(
        [sys.executable, "-m", "psrebind", *words],
        env=os.environ | terminal,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        said = everything(ours)
    assert process.returncode == 0
    assert re.search(r"\b\d+/50\b", said)
    assert re.search(r"\d+ done\b.* \d+ running", said)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)
    assert re.search(r"running +\d+\.\d/s +\d+:\d\d:\d\d", plain)
    bare = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", said).replace("\r", "\n")
    rows = [json.loads(line) for line in bare.split("\n") if line.startswith("{")]
    assert {row["host"] for row in rows} == set(fifty.hosts)


def everything(descriptor: int) -> str:
    """What a terminal shows until its last user has left."""
    found = b""
    with suppress(OSError):  # Linux ends a terminal by EIO
        while piece := os.read(descriptor, 65536):
            found += piece
    os.close(descriptor)
    return found.decode()


def test_a_bug_ends_the_run_with_1(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours on one host is told with its traceback; --fail-fast starts no new one."""
    monkeypatch.setattr("psrebind.services.iis_bindings.binding_lines", lambda *_: [][1])
    ran = many("bindings", "all", "--forks", "1", "--fail-fast")
    assert ran.status == 1
    assert "IndexError" in ran.err
    assert "1 host failed: web01: a bug in psrebind" in ran.err
    assert "49 hosts skipped" in ran.err
