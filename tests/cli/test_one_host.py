"""One host by its own name, and a fleet that happens to be one: how it was asked decides."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.command_line import Command
from cli.fifty_hosts import written
from labs import rebind_words, records, restored, sent, swap

from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab


@pytest.fixture
def only(lab: Lab, tmp_path: Path) -> str:
    """An inventory of one host, in one group."""
    path = tmp_path / "hosts.ini"
    host = lab.hosts["web02"]
    path.write_text(f"[web]\nweb02 ansible_host={host.address}\n", "utf-8")
    return str(path)


@pytest.mark.parametrize("target", ["all", "web", "web*", "web0[2]", "web02,", "WEB"])
def test_what_may_name_many_is_a_fleet(as_admin: Command, only: str, target: str) -> None:
    """The host is the first column of every form, and the run is summed up."""
    lines = as_admin("bindings", target, "-i", only, "-f", "jsonl")
    assert {next(iter(json.loads(line).items())) for line in lines.out.splitlines()} == {
        ("host", "web02")
    }
    assert "1 host in" in lines.err
    ran = as_admin("bindings", target, "-i", only, "-f", "csv")
    assert {row["host"] for row in csv.DictReader(io.StringIO(ran.out))} == {"web02"}
    assert as_admin("bindings", target, "-i", only).out.split()[0] == "host"


@pytest.mark.parametrize("target", ["web02", "WEB02", " web02 "])
def test_a_name_is_one_host(as_admin: Command, only: str, target: str) -> None:
    """The rows are the host's own."""
    ran = as_admin("bindings", target, "-i", only, "-f", "jsonl")
    assert {next(iter(json.loads(line))) for line in ran.out.splitlines()} == {"site"}
    assert ran.err == ""


@pytest.mark.parametrize(
    "words",
    [
        ("task", "enable", "all"),
        ("rebind", "web*", "--old", "a" * 40, "--new", "b" * 40),
        ("notify", "web", "--old", "a" * 40, "--new", "b" * 40),
    ],
)
def test_a_fleet_of_one_needs_consent(
    as_admin: Command, lab: Lab, only: str, words: tuple[str, ...]
) -> None:
    """Who says all does not know that it is one: nothing is sent without --yes."""
    before = len(sent(lab.hosts["web02"]))
    ran = as_admin(*words, "-i", only)
    assert (ran.status, ran.out) == (5, "")
    assert "add --yes" in ran.err
    assert len(sent(lab.hosts["web02"])) == before


def test_an_inventory_from_stdin_needs_yes(lab: Lab, only: str) -> None:
    """Where stdin is the inventory nobody can be asked, not even about one named host."""
    host = lab.hosts["web02"]
    waiting = swap(lab, "web02")
    words = ["rebind", "web02", "--old", waiting.old, "--new", waiting.new, "-i", "-"]
    before = len(sent(host))
    ran = subprocess.run(
        [sys.executable, "-m", "psrebind", *words, "--user", lab.user],
        input=Path(only).read_text(),
        env=os.environ | {"PSREBIND_PASSWORD": lab.password},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 5
    assert "nobody is there to agree to the change: add --yes" in ran.stderr
    assert len(sent(host)) == before


@pytest.mark.parametrize(
    "words",
    [
        ("rebind", "--old", "OLD", "--new", "NEW"),
        ("replay",),
        ("notify", "--old", "OLD", "--new", "NEW"),
        ("task", "enable"),
        ("task", "disable"),
        ("invoke", "unregister_rebind_task"),
        ("invoke", "invoke_iis_renewal", "old=OLD", "new=NEW"),
    ],
)
def test_a_change_of_one_named_host_needs_consent(
    as_admin: Command, lab: Lab, words: tuple[str, ...]
) -> None:
    """One rule for every command: where nobody can answer it is refused, and nothing is changed."""
    with restored(lab.hosts["web02"]) as host:
        before = host.host.state
        waiting = swap(lab, "web02")
        filled = [one.replace("OLD", waiting.old).replace("NEW", waiting.new) for one in words]
        at = 1 + (words[0] in ("task", "invoke"))
        ran = as_admin(*filled[:at], host.address, *filled[at:])
        assert ran.status == 5
        assert "nobody is there to agree to the change: add --yes" in ran.err
        assert host.host.state == before


def test_a_script_that_says_yes_means_it(as_admin: Command, lab: Lab) -> None:
    """Off a terminal a rebind of one named host goes on."""
    with restored(lab.hosts["web02"]) as host:
        before = records(host)
        assert as_admin(*rebind_words(lab, host)).status == 0
        assert records(host) != before


def test_the_time_of_a_host_ends_the_only_one(as_admin: Command, lab: Lab, tmp_path: Path) -> None:
    """--host-timeout is for one named host too."""
    host = lab.hosts["web03"]
    path = written(tmp_path, {"web03": host.address}, lab)
    host.faults.arm(NetworkFault.HANG, times=None)
    try:
        ran = as_admin("hosts", "web03", "-i", str(path), "--host-timeout", "1")
    finally:
        host.faults.disarm()
    assert (ran.status, "time limit" in ran.err) == (4, True)
