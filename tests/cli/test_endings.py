"""How commands end: what counts more, what is promised, and which statuses signals have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import Command, on_a_terminal
from cli.fifty_hosts import written
from labs import (
    change_certificate,
    give_options,
    rebind_words,
    records,
    restored,
    running,
    sent,
    swap,
)

from psrebind.errors import ConnectError, InvalidInput
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.stage.scenario import ALL_NAMES
from psrebind.lab.windows.http_sys import Options, drop_record
from psrebind.lab.windows.state import HostState
from psrebind.rebind.host_plan import HostPlan, HostResult


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The six hosts of the demo, answered by the model."""
    with running(tmp_path_factory.mktemp("lab"), None, names=ALL_NAMES) as found:
        yield found


@pytest.fixture
def web02(lab: Lab) -> Iterator[LabHost]:
    """A host all of whose bindings can be rebound; as it was, after each test."""
    with restored(lab.hosts["web02"]) as host:
        yield host


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudoterminal")
@pytest.mark.parametrize("words", [("rebind",), ("replay",)])
def test_declining_does_not_forget_who_was_not_reached(
    lab: Lab, web02: LabHost, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Of a person's no (3) and a host that is down (4) the worse one is the status."""
    waiting = swap(lab, "web02")
    hosts = {"web02": web02.address, "down": "127.255.255.1"}
    path = written(tmp_path, hosts, lab)
    more = ("--old", waiting.old, "--new", waiting.new) if words == ("rebind",) else ()
    environment = {"PSREBIND_PASSWORD": lab.password, "PSREBIND_BEFORE_FOLDER": str(tmp_path / "b")}
    before = records(web02)
    ran = on_a_terminal([*words, "all", *more, "-i", str(path)], environment, b"n\n")
    assert "[y/N]" in ran.err
    assert ran.status == 4
    assert records(web02) == before


def test_what_ends_a_replay_after_a_change_is_no_wrong_input() -> None:
    """A second state that cannot be written is a failure; a host that is lost keeps its status."""
    plan = HostPlan("web01", ())
    assert HostResult(plan, (), InvalidInput("the state before is not written")).exit_status == 2
    assert HostResult(plan, (), ConnectError("web01", "down")).exit_status == 4


def test_an_interrupted_change_is_among_what_replay_does(
    as_admin: Command, lab: Lab, web02: LabHost, tmp_path: Path
) -> None:
    """A record that is gone since then is planned by name, and is there again afterwards."""
    before = records(web02)
    folder = tmp_path / "kept"
    assert as_admin(*rebind_words(lab, web02), "--before-folder", str(folder)).status == 0
    whole = records(web02)
    (file,) = folder.iterdir()
    lines = file.read_text().splitlines(keepends=True)
    # As it is where the machine of the administrator went down, too.
    file.write_text("".join(line for line in lines if '"ended"' not in line) + lines[0][:40])
    name = next(name for name, one in before.items() if one.thumbprint)
    gone = before[name]

    def drop(now: HostState) -> HostState:
        return replace(now, records=drop_record(now.records, gone.kind, gone.key))

    web02.host.change(drop)
    shown = as_admin("replay", web02.address, "--dry-run", "--before-folder", str(folder))
    assert "its record is gone since the change of" in shown.out
    done = as_admin("replay", web02.address, "--yes", "--before-folder", str(folder))
    assert (done.status, records(web02)) == (0, whole)
    again = as_admin("replay", web02.address, "--yes", "--before-folder", str(folder))
    assert "nothing would follow" in again.err


def test_a_link_is_as_old_as_its_new_certificate(as_admin: Command, web02: LabHost) -> None:
    """With --since a renewal link counts where its new certificate began since then."""
    words = ("replay", web02.address, "--dry-run", "-f", "json")
    assert '"outcome": "planned"' in as_admin(*words).out
    assert as_admin(*words, "--since", "2999-01-01").out.strip() == "[]"


@pytest.mark.parametrize("archived", [True, False])
def test_the_way_back_is_told_where_there_is_one(
    as_admin: Command, lab: Lab, web02: LabHost, archived: bool
) -> None:
    """Not where the old certificate would be refused by a rule."""
    old = swap(lab, "web02").old
    change_certificate(web02, old, archived=archived)
    ran = as_admin(*rebind_words(lab, web02))
    assert ran.status == 0
    assert ("to go back" in ran.err) is not archived


def test_an_event_that_is_not_there_is_said(as_admin: Command, web02: LabHost) -> None:
    """A record number that no event has is not answered with silence."""
    ran = as_admin("events", web02.address, "--record", "9999")
    assert ran.status == 3
    assert "no event in reach has the record number 9999" in ran.err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to one process")
@pytest.mark.parametrize("target", ["one", "many"])
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_run_in_order(
    lab: Lab, web02: LabHost, tmp_path: Path, *, target: str, number: int, status: int
) -> None:
    """systemd, CI and a terminal that is closed end it as Ctrl-C does: no shell is left."""
    path = written(tmp_path, {"web02": web02.address}, lab)
    name = "web02" if target == "one" else "all"
    web02.host.faults["iis.bindings"] = {"slow": 60}
    began = len(web02.endpoint.requests)
    with subprocess.Popen(
        [sys.executable, "-m", "psrebind", "bindings", name, "-i", str(path)],
        env=os.environ | {"PSREBIND_PASSWORD": lab.password},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while "Command" not in sent(web02)[began:] and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == status
    assert "Traceback" not in said
    assert web02.endpoint.open_shells == 0


def test_invoke_of_a_change_is_judged_by_its_row(
    as_admin: Command, lab: Lab, web02: LabHost, tmp_path: Path
) -> None:
    """The state before is kept, and options that were lost are a failure."""
    waiting = swap(lab, "web02")
    web02.host.faults["netsh http update"] = "nothing"
    give_options(web02, Options(flags=2))
    folder = tmp_path / "kept"
    words = ("invoke_iis_renewal", web02.address, f"old={waiting.old}", f"new={waiting.new}")
    ran = as_admin("invoke", *words, "--yes", "--before-folder", str(folder))
    assert ran.status == 2
    assert "these options were lost: " in ran.err
    (file,) = folder.iterdir()
    assert waiting.old in file.read_text()


def test_a_faulty_connection_while_reading_is_not_reached(
    as_admin: Command, web02: LabHost
) -> None:
    """A query changes nothing: no word of what might have run."""
    web02.faults.arm(NetworkFault.CUT_AFTER, number=6)
    ran = as_admin("bindings", web02.address)
    assert ran.status == 4
    assert "Nothing was changed: run it again" in ran.err


def test_an_invoke_that_succeeded_is_noted(
    as_admin: Command, lab: Lab, web02: LabHost, tmp_path: Path
) -> None:
    """What a record lacks after it, somebody wanted so: the file of the state before says that."""
    waiting, folder = swap(lab, "web02"), tmp_path / "kept"
    words = ("invoke_iis_renewal", web02.address, f"old={waiting.old}", f"new={waiting.new}")
    assert as_admin("invoke", *words, "--yes", "--before-folder", str(folder)).status == 0
    (file,) = folder.iterdir()
    assert '"ended": true' in file.read_text()
