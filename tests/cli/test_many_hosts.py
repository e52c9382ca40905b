"""Commands on many hosts: who is asked, what is printed, how failures end, and what is left."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli.command_line import Command, Ran
from labs import restored, running, shells_left

from psrebind.lab.faults import NetworkFault
from psrebind.lab.runtime import Lab, LabHost

COUNT = 50
Many = Callable[..., Ran]


@pytest.fixture(scope="module")
def fifty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Fifty hosts without PowerShell."""
    names = [f"web{number:02}" for number in range(1, COUNT + 1)]
    with running(tmp_path_factory.mktemp("fifty"), None, names=names) as lab:
        yield lab


@pytest.fixture
def inventory(fifty: Lab, tmp_path: Path) -> Path:
    """The fifty hosts in a file, with their user."""
    return written(tmp_path, {name: host.address for name, host in fifty.hosts.items()}, fifty)


def written(folder: Path, addresses: dict[str, str], lab: Lab) -> Path:
    """An inventory of these hosts."""
    path = folder / "hosts.csv"
    lines = [f"{name},{address},{lab.user}\n" for name, address in addresses.items()]
    path.write_text("".join(["name,address,user\n", *lines]), "utf-8")
    return path


@pytest.fixture
def many(psrebind: Command, fifty: Lab, inventory: Path, monkeypatch: pytest.MonkeyPatch) -> Many:
    """Run one command line with the inventory and the password where they are looked for."""
    monkeypatch.setenv("PSREBIND_PASSWORD", fifty.password)
    monkeypatch.setenv("PSREBIND_INVENTORY", str(inventory))
    monkeypatch.setenv("PSREBIND_BEFORE_FOLDER", str(inventory.parent / "before"))
    return psrebind


def json_lines(ran: Ran) -> list[dict[str, Any]]:
    """The rows of a command that printed JSON lines."""
    return [json.loads(line) for line in ran.out.splitlines()]


def sent(lab: Lab) -> Counter[str]:
    """How many requests of each action all hosts have taken."""
    return Counter(entry.action for host in lab.hosts.values() for entry in host.endpoint.requests)


def test_every_host_answers(many: Many, fifty: Lab) -> None:
    """Each row says whose it is, and no shell stays open."""
    ran = many("hosts", "all", "-f", "jsonl")
    assert ran.status == 0
    assert {row["host"]: row["name"] for row in json_lines(ran)} == {
        name: name for name in fifty.hosts
    }
    assert "50 hosts in" in ran.err
    assert "50 done" in ran.err
    assert not any(shells_left(host) for host in fifty.hosts.values())


def test_one_host_of_many_is_as_one_host(many: Many) -> None:
    """Where one host is chosen the rows have no host, and nothing is summed up."""
    ran = many("bindings", "web01", "-f", "jsonl")
    assert {next(iter(row)) for row in json_lines(ran)} == {"site"}
    assert ran.err == ""


@pytest.mark.parametrize(
    ("words", "hosts"),
    [
        (("web0[1-3]",), ["web01", "web02", "web03"]),
        (("web01,web02",), ["web01", "web02"]),
        (("all", "--limit", "web0*", "--exclude", "web0[3-9]"), ["web01", "web02"]),
    ],
)
def test_plain_words_choose_hosts(many: Many, words: tuple[str, ...], hosts: list[str]) -> None:
    """Names, globs, limits and exclusions."""
    ran = many("certificates", *words, "-f", "jsonl")
    assert sorted({row["host"] for row in json_lines(ran)}) == hosts


def test_a_file_of_hosts_limits(many: Many, tmp_path: Path) -> None:
    """Only the hosts that a file names are asked."""
    names = tmp_path / "names.txt"
    names.write_text("web04\nweb05\n", "utf-8")
    ran = many("certificates", "all", "--hosts-file", str(names), "-f", "jsonl")
    assert {row["host"] for row in json_lines(ran)} == {"web04", "web05"}


def test_a_table_has_the_host_first(many: Many) -> None:
    """One table for all hosts, in the order of their names."""
    lines = many("bindings", "web01,web02").out.splitlines()
    assert lines[0].split()[:2] == ["host", "site"]
    assert [line.split()[0] for line in lines[2:]] == ["web01"] * 4 + ["web02"] * 3


def test_json_is_one_array(many: Many) -> None:
    """Streamed element by element, it is whole at the end, also where there is none."""
    rows = json.loads(many("bindings", "web01,web02", "-f", "json").out)
    assert Counter(row["host"] for row in rows) == {"web01": 4, "web02": 3}
    assert json.loads(many("events", "web01,web02", "-f", "json").out) == []


def test_csv_has_the_columns_of_all_hosts(many: Many) -> None:
    """A column that only the last host has is in the header and empty for the others."""
    ran = many("bindings", "web01,web03", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert {row["host"] for row in rows} == {"web01", "web03"}
    name = "record.values.DefaultSslCtlStoreName"
    assert {row["host"] for row in rows if row[name]} == {"web01"}


def test_a_wrong_password_is_tried_once(
    many: Many, fifty: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty hosts of one credential: one logon attempt, and the refusal told once."""
    before = attempts(fifty)
    monkeypatch.setenv("PSREBIND_PASSWORD", "wrong")
    ran = many("bindings", "all")
    assert (ran.status, ran.out) == (4, "")
    assert attempts(fifty) == before + 1
    assert "1 host unreachable: web01: " in ran.err
    assert "49 hosts unreachable: web02, web03, web04, web05, web06 and 44 more: " in ran.err
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
    began = time.monotonic()
    try:
        ran = many("bindings", "all", "-f", "jsonl", "--host-timeout", "4", "--forks", "50")
    finally:
        for host in fifty.hosts.values():
            host.faults.disarm()
            host.host.faults.clear()
    assert time.monotonic() - began < 20
    assert ran.status == 6
    good = set(fifty.hosts) - {*dead, *hanging, *cut, *failing}
    assert {row["host"] for row in json_lines(ran)} == good
    told = ran.err.splitlines()
    for word, names in [
        ("unreachable", dead),
        ("unreachable", hanging),
        ("unknown", cut),
        ("failed", failing),
    ]:
        assert any(f"5 hosts {word}: " in line and names[0] in line for line in told), ran.err
    assert "30 done, 10 unreachable, 5 " in told[-1]
    assert not any(shells_left(host) for host in fifty.hosts.values())


def commanding(many: Many, lab: Lab) -> int:
    """The number of the request that sends a host its command."""
    endpoint = lab.hosts["web01"].endpoint
    before = len(endpoint.requests)
    assert many("bindings", "web01").status == 0
    return [entry.action for entry in endpoint.requests[before:]].index("Command") + 1


def test_enabling_twice_changes_once(many: Many, fifty: Lab) -> None:
    """On twenty hosts one pipeline each: twenty times changed, then unchanged."""
    shared = "web05,web11,web17,web23"
    words = ("task", "enable", "web0*,web1*,web2[0-4]", "--exclude", shared, "-f", "jsonl")
    before = sent(fifty)
    first = many(*words, "--yes")
    assert first.status == 0, first.err
    assert len(json_lines(first)) == 20
    assert sent(fifty)["Command"] - before["Command"] == 20
    again = many(*words, "--yes")
    assert again.status == 0
    assert [row["outcome"] for row in json_lines(again)] == ["unchanged"] * 20
    assert "20 unchanged" in again.err


def test_the_outcomes_of_a_change_are_counted(many: Many) -> None:
    """A host that was skipped needs a person, and the others go on."""
    ran = many("task", "enable", "web4*", "--yes", "-f", "jsonl")
    outcomes = {row["host"]: row["outcome"] for row in json_lines(ran)}
    assert outcomes["web41"] == "skipped"
    assert Counter(outcomes.values())["changed"] >= 8
    assert ran.status == 3


@pytest.mark.parametrize(
    "words",
    [
        ("task", "enable", "all"),
        ("task", "disable", "all"),
        ("notify", "all", "--old", "a" * 40, "--new", "b" * 40),
        ("rebind", "all", "--old", "a" * 40, "--new", "b" * 40),
        ("invoke", "unregister_rebind_task", "all"),
    ],
)
def test_a_change_of_many_needs_consent(many: Many, fifty: Lab, words: tuple[str, ...]) -> None:
    """Where nobody can be asked nothing is sent: their number, the first names, and --yes."""
    before = sent(fifty)
    ran = many(*words)
    assert (ran.status, ran.out) == (5, "")
    assert "50 hosts (web01, web02, web03, web04, web05 and 45 more)" in ran.err
    assert "--yes" in ran.err
    assert sent(fifty) == before


@pytest.fixture
def twins(fifty: Lab) -> Iterator[tuple[LabHost, LabHost]]:
    """Two hosts with the same certificates and bindings."""
    one, other = fifty.hosts["web02"], fifty.hosts["web08"]
    with restored(one), restored(other):
        state = one.host.state
        other.host.change(lambda now: replace(state, facts=now.facts))
        yield one, other


def renewal(lab: Lab) -> tuple[str, ...]:
    """The options of the renewal that waits on both twins."""
    swap = next(one for one in lab.scenario.summary if one.host == "web02")
    return ("--old", swap.old, "--new", swap.new)


def test_a_rebind_of_many_by_yes(many: Many, fifty: Lab, twins: tuple[LabHost, ...]) -> None:
    """Two pipelines for a host that changes and one for others; the way back is told once."""
    before = sent(fifty)["Command"]
    ran = many("rebind", "web0*", *renewal(fifty), "--yes", "-f", "jsonl")
    assert ran.status == 0, ran.err
    rows = json_lines(ran)
    assert Counter(row["host"] for row in rows) == {"web02": 3, "web08": 3}
    assert {row["verdict"] for row in rows} == {"verified"}
    assert sent(fifty)["Command"] - before == 9 + 2
    assert ran.err.count("to go back") == 1
    assert "7 unchanged, 2 changed" in ran.err


@pytest.mark.parametrize(("answer", "status"), [(b"n\n", 3), (b"y\n", 0)])
def test_a_rebind_of_many_asks_once(
    fifty: Lab, inventory: Path, twins: tuple[LabHost, ...], answer: bytes, status: int
) -> None:
    """All plans are shown, then one question; without consent no host gets a second pipeline."""
    before = sent(fifty)["Command"]
    words = ["rebind", "web0*", *renewal(fifty), "-i", str(inventory), "-f", "jsonl"]
    ran = on_a_terminal(words, fifty, inventory.parent, answer)
    assert "change 6 bindings on 2 hosts (web02, web08)? [y/N]" in ran.err
    assert ran.status == status, ran.err
    changed = 0 if status else 2
    assert sent(fifty)["Command"] - before == 9 + changed
    assert len({row["host"] for row in json_lines(ran)}) == changed


def on_a_terminal(words: list[str], lab: Lab, folder: Path, answer: bytes) -> Ran:
    """Run a command whose questions a person answers."""
    ours, theirs = pty.openpty()
    environment = {"PSREBIND_PASSWORD": lab.password, "PSREBIND_BEFORE_FOLDER": str(folder / "b")}
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "psrebind", *words],
            env=os.environ | environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.write(ours, answer)
            out, err = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    return Ran(process.returncode, out, err)


def test_a_dry_run_changes_nothing(many: Many, fifty: Lab, twins: tuple[LabHost, ...]) -> None:
    """The plans of all hosts are the data."""
    ran = many("rebind", "web0*", *renewal(fifty), "--dry-run", "-f", "jsonl")
    assert ran.status == 0
    assert Counter(row["host"] for row in json_lines(ran)) == {"web02": 3, "web08": 3}
    assert {row["outcome"] for row in json_lines(ran)} == {"planned"}


def test_a_replay_of_many(many: Many, fifty: Lab) -> None:
    """Renewals that the stores' links tell of become plans on each host; then they are done."""
    with restored(fifty.hosts["web44"]), restored(fifty.hosts["web45"]):
        shown = many("replay", "web44,web45", "-f", "jsonl")
        planned = [row for row in json_lines(shown) if row["outcome"] == "planned"]
        assert {row["host"] for row in planned} == {"web44", "web45"}
        done = many("replay", "web44,web45", "--yes", "-f", "jsonl")
        changed = [row for row in json_lines(done) if row["outcome"] == "changed"]
        assert len(changed) == len(planned)


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


def interrupted(lab: Lab, inventory: Path, *, presses: int) -> Ran:
    """A command that is interrupted while every host but the first hangs."""
    for name, host in lab.hosts.items():
        if name != "web01":
            host.faults.arm(NetworkFault.HANG, times=None)
    words = [
        sys.executable,
        "-m",
        "psrebind",
        "bindings",
        "all",
        "-i",
        str(inventory),
        "-f",
        "jsonl",
    ]
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
            first = process.stdout.readline()
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
    """An error of ours on one host is told with its traceback, and no new host begins."""
    monkeypatch.setattr("psrebind.cli.listing.binding_lines", lambda *_: [][1])
    ran = many("bindings", "all", "--forks", "1")
    assert ran.status == 1
    assert "IndexError" in ran.err
    assert "1 host failed: web01: a bug in psrebind" in ran.err
    assert "49 hosts skipped" in ran.err
