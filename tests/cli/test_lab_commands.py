"""The commands of the lab, on one that runs in a process of its own as a person starts it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli.command_line import Command, Ran
from labs import network

from psrebind.cli.output.lab import draw_host
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, wanted_xml
from psrebind.lab.stage import control, scenario
from psrebind.lab.stage.breakage import break_host, breaks
from psrebind.lab.stage.control import NO_POWERSHELL
from psrebind.lab.stage.overview import overview

NAMES = ["web01", "web02", "web03", "web04", "web05", "web06"]


def started(*words: str) -> Ran:
    """Run a command in a process of its own, as the one that starts a lab ends before it does."""
    command = [sys.executable, "-m", "psrebind", *words]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    return Ran(finished.returncode, finished.stdout, finished.stderr)


@dataclass(frozen=True)
class Running:
    """A lab in the background, its folder, and how it came up."""

    folder: Path
    up: Ran
    overview: Callable[[str], Any]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Six hosts without PowerShell, with one assumption and one fault, in the background."""
    folder = tmp_path_factory.mktemp("lab")
    where = ("--folder", str(folder), "--network", network(), "-f", "json")
    wishes = ("--assume", "gap_milliseconds=7", "--fault", "web03:appcmd renew=fail")
    up = started("lab", "up", *where, "--hosts", "6", "--model", *wishes)

    def overview(host: str) -> Any:
        return control.order(folder, "overview", host=host)

    try:
        yield Running(folder, up, overview)
    finally:
        control.stop(folder)
        assert control.is_free(f"{network()}.11")


@pytest.fixture
def lab_command(psrebind: Command, running: Running) -> Command:
    """Run one command of the lab on the lab of these tests."""

    def run(*words: str) -> Ran:
        return psrebind("lab", *words, "--folder", str(running.folder))

    return run


def test_up_says_how_to_go_on(running: Running) -> None:
    """It lists the hosts, says that no PowerShell runs, and what may be typed next."""
    assert running.up.status == 0, running.up.err
    rows = json.loads(running.up.out)
    assert [row["host"] for row in rows] == NAMES
    assert [row["address"] for row in rows] == [f"{network()}.{11 + n}" for n in range(6)]
    assert "no PowerShell runs in this lab" in running.up.err
    assert f"psrebind rebind {network()}.11 -u labadmin --old " in running.up.err


def test_up_gives_assumptions_to_all_hosts(running: Running) -> None:
    """What --assume says is in the state of every host."""
    hosts = scenario.load(running.folder).hosts.values()
    assert {host.state.assumptions.gap_milliseconds for host in hosts} == {7}


def test_up_again_changes_nothing(lab_command: Command, running: Running) -> None:
    """A lab that runs is shown, not started anew; other hosts need another folder."""
    same = lab_command("up", "--model", "--hosts", ",".join(NAMES), "-f", "json")
    other = lab_command("up", "--model", "--hosts", "2")
    elsewhere = lab_command("up", "--model", "--network", "127.1.1")
    assert same.status == 0
    assert [row["host"] for row in json.loads(same.out)] == NAMES
    assert [other.status, elsewhere.status] == [5, 5]
    assert "--hosts and --network are for a new one" in other.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--hosts", "0"), "--hosts takes a number up to 100 or names, not '0'"),
        (("--hosts", "101"), "--hosts takes a number up to 100"),
        (("--hosts", "a,a"), "--hosts takes a number up to 100"),
        (("--hosts", "../x"), "--hosts takes a number up to 100"),
        (("--network", "10.0.0"), "--network takes the first three numbers of 127"),
        (("--network", "127.0"), "--network takes the first three numbers of 127"),
        (("--network", "127.0.256"), "--network takes the first three numbers of 127"),
        (("--assume", "nonsense=1"), "is not an assumption's NAME=VALUE"),
        (("--model", "--engine", "pwsh"), "--model and --engine pwsh exclude each other"),
    ],
)
def test_a_wrong_wish_makes_no_lab(
    psrebind: Command, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    """What cannot be is said in one sentence, before a folder is filled."""
    engine = () if "--engine" in words else ("--engine", "model")
    ran = psrebind("lab", "up", "--folder", str(tmp_path / "lab"), *engine, *words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (5, "", 1)
    assert sentence in ran.err
    assert not (tmp_path / "lab").exists()


def test_a_fault_happens(
    lab_command: Command, psrebind: Command, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that --fault names fails: the task runs, says so, and the binding stays."""
    host = running.overview("web03")
    old = host["bindings"][0]["thumbprint"]
    monkeypatch.setenv("PSREBIND_PASSWORD", (running.folder / "password").read_text("ascii"))
    enabled = psrebind("task", "enable", "--yes", f"{network()}.13", "-u", "labadmin")
    renewed = lab_command("renew", "web03", "--old", old)
    after = running.overview("web03")
    assert (enabled.status, renewed.status) == (0, 0)
    assert after["tasks"][0]["last_result"] > 0
    assert after["bindings"][0]["thumbprint"] == old


def test_status_draws_all_of_it(lab_command: Command, running: Running) -> None:
    """Hosts, addresses, bindings with certificate and days left, task, channel and events."""
    seen = running.overview("web06")
    drawn = lab_command("status").out
    for name, row in zip(NAMES, json.loads(lab_command("status", "-f", "json").out), strict=True):
        assert row["host"] == name
        assert f"{name}  {row['address']}  {row['windows']}" in drawn
        for binding in row["bindings"]:
            (line,) = (one for one in drawn.splitlines() if f"  {binding['binding']}  " in one)
            assert (binding["thumbprint"] or "none")[:8] in line
            if found := binding["certificate"]:
                assert f"{found['days_left']} days" in line
    block = drawn.partition("web06  ")[2]
    assert "IIS-AutoCertRebind: Ready, never ran" in block
    assert "System: off, 1 event" in block
    assert f"#{seen['channels'][0]['newest'][0]['record_id']} " in block


def test_renew_writes_what_autoenrollment_writes(lab_command: Command, running: Running) -> None:
    """1006, 1001 and 1005, a renewal link, and no binding changed where there is no task."""
    before = running.overview("web02")["bindings"]
    old = before[0]["thumbprint"]
    ran = lab_command("renew", "web02", "--old", old.lower(), "-f", "json")
    (row,) = json.loads(ran.out)
    after = running.overview("web02")
    assert (ran.status, row["host"], row["old"]) == (0, "web02", old)
    assert [one["id"] for one in after["channels"][0]["newest"]] == [1005, 1001, 1006]
    renewed = {one["renewed_by"] for one in after["certificates"] if one["thumbprint"] == old}
    assert renewed == {row["new"]}
    assert {one["thumbprint"] for one in after["bindings"]} == {old}


def test_renew_can_change_the_names(lab_command: Command, running: Running) -> None:
    """--name says which names the new certificate has; the old one is meant by first digits."""
    old = running.overview("web05")["bindings"][0]["thumbprint"]
    words = ("--name", "one.example", "--name", "two.example", "-f", "json")
    (row,) = json.loads(lab_command("renew", "web05", "--old", old[:8], *words).out)
    certificates = running.overview("web05")["certificates"]
    (new,) = (one for one in certificates if one["thumbprint"] == row["new"])
    assert new["names"] == ["one.example", "two.example"]


def test_import_takes_the_most_bound_certificate_for_a_model(
    lab_command: Command, running: Running
) -> None:
    """Without --like the new certificate is like the one on most bindings; 1006 is all."""
    bound = running.overview("web04")["bindings"][0]
    (row,) = json.loads(lab_command("import", "web04", "-f", "json").out)
    after = running.overview("web04")
    assert row["like"] == bound["thumbprint"]
    assert [one["id"] for one in after["channels"][0]["newest"]] == [1006]
    (new,) = (one for one in after["certificates"] if one["thumbprint"] == row["new"])
    assert (new["names"], new["template"]) == (bound["certificate"]["names"], None)


def test_break_breaks_what_it_names(lab_command: Command, running: Running) -> None:
    """A named break changes the host, and says in one sentence what it means."""
    ran = lab_command("break", "web06", "task-gone")
    assert ran.status == 0
    assert ran.err.splitlines() == [
        f"psrebind: {NO_POWERSHELL}",
        f"psrebind: web06: {breaks()['task-gone']}",
    ]
    assert running.overview("web06")["tasks"] == []


def test_every_screen_says_that_no_powershell_runs(lab_command: Command, running: Running) -> None:
    """Whoever looks at the model is told so, once, by each command."""
    for words in (("status",), ("import", "web01"), ("break", "web01", "channel-off")):
        assert lab_command(*words).err.count(NO_POWERSHELL) == 1


@pytest.mark.parametrize(
    ("host", "name", "words"),
    [
        ("web06", "task-edited", "edited: Triggers/EventTrigger/Subscription/"),
        ("web01", "key-gone", "no private key"),
        ("web04", "stray-record", "stray     ipport=127."),
    ],
)
def test_a_break_is_drawn(tmp_path: Path, host: str, name: str, words: str) -> None:
    """The picture of a host is another one after a break, and says what broke."""
    where = scenario.create(tmp_path, scenario.ALL_NAMES).hosts[host]
    if name == "task-edited":
        place = {"path": TASK_PATH, "name": TASK_NAME, "xml": wanted_xml(), "force": True}
        where.call("tasks.register", place)
    before = draw_host({"address": "127.0.0.1", **overview(where)})
    break_host(where, name)
    after = draw_host({"address": "127.0.0.1", **overview(where)})
    assert words not in before
    assert words in after


def test_what_waits_to_be_bound_is_drawn(tmp_path: Path) -> None:
    """A certificate that no binding has, with its store and names; a bound one is no such."""
    made = scenario.create(tmp_path, scenario.ALL_NAMES)
    (waiting,) = (one for one in made.summary if one.host == "web02")
    text = draw_host({"address": "127.0.0.1", **overview(made.hosts["web02"])})
    assert f"  unbound   {waiting.new[:8]}… in " in text
    assert f"  unbound   {waiting.old[:8]}…" not in text
    assert "stray" not in text


def test_break_lists_what_can_break(psrebind: Command) -> None:
    """--list needs no lab."""
    ran = psrebind("lab", "break", "--list", "-f", "json")
    assert [row["name"] for row in json.loads(ran.out)] == list(breaks())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("renew", "web09", "--old", "A" * 40), "the lab has no host 'web09'"),
        (("renew", "web01", "--old", "A" * 40), "web01 has no certificate"),
        (("renew", "web01", "--old", "xyz"), "'xyz' is not a thumbprint"),
        (("import", "web01", "--like", "A" * 40), "web01 has no certificate"),
        (("break", "web01"), "name a host and what shall break"),
        (("break", "web01", "nonsense"), "there is no break 'nonsense'; there are task-gone"),
        (("break", "web01", "task-gone"), "web01 has no rebind task to break"),
        (("up", "--model", "--fault", "web01:nesth=fail"), "have no command 'nesth'"),
    ],
)
def test_what_the_lab_refuses(lab_command: Command, words: tuple[str, ...], sentence: str) -> None:
    """A wrong host, certificate, break or fault is one sentence and 5."""
    ran = lab_command(*words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (5, "", 1)
    assert sentence in ran.err


def test_state_survives_down_and_up(psrebind: Command, tmp_path: Path) -> None:
    """A lab that was stopped comes up with what its hosts held, and is gone after down."""
    folder = ("--folder", str(tmp_path))
    third = 1 + int(network().rpartition(".")[2]) % 250
    place = f"{network().rpartition('.')[0]}.{third}"
    one = ("--hosts", "web01", "--network", place, "--model")
    assert started("lab", "up", *folder, *one).status == 0
    try:
        psrebind("lab", "import", "web01", *folder)
        before = control.order(tmp_path, "overview", host="web01")
        down = psrebind("lab", "down", *folder)
        gone = psrebind("lab", "status", *folder)
        again = started("lab", "up", *folder, "--model")
        after = control.order(tmp_path, "overview", host="web01")
    finally:
        control.stop(tmp_path)
    assert (down.status, gone.status, again.status) == (0, 5, 0)
    assert f"no lab runs in {tmp_path}" in gone.err
    assert after == before
    assert [one["id"] for one in after["channels"][0]["newest"]] == [1006]


def test_a_lab_beside_another_says_so(running: Running, tmp_path: Path) -> None:
    """A second lab cannot have the same addresses: one sentence, and the first goes on."""
    ran = started("lab", "up", "--folder", str(tmp_path), "--model", "--network", network())
    assert (ran.status, ran.out, ran.err.count("\n")) == (5, "", 1)
    assert "the lab did not start" in ran.err
    assert "address already in use" in ran.err
    assert control.is_running(running.folder)


def test_the_demo_beside_a_lab_takes_another_network(psrebind: Command) -> None:
    """Where the lab's usual addresses are taken, the demo plays on others."""
    address = f"{scenario.NETWORK}.11"
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(socket.create_server((address, 5985)))
        # Who has it in our place is a lab as well: it is taken either way.
        assert not control.is_free(address)
        ran = psrebind("demo", "--engine", "model")
        assert ran.status == 0, ran.err
        assert f" {address} " not in ran.out
