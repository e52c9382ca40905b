"""The command rebind against the lab: plan, change, what clients see, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.command_line import Command, on_a_terminal
from labs import network, restored

from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab
from psrebind.lab.stage.scenario import Swap

WEB01, WEB02, WEB03 = (f"{network()}.{number}" for number in (11, 12, 13))


def certificates(swap: Swap) -> tuple[str, ...]:
    """The options that name a renewal."""
    return ("--old", swap.old, "--new", swap.new)


def bound(lab: Lab, host: str) -> set[str | None]:
    """The certificates of a host's records, CCS apart."""
    return {
        record.thumbprint for record in lab.scenario.hosts[host].state.records if record.thumbprint
    }


def test_a_dry_run_shows_and_changes_nothing(as_admin: Command, lab: Lab, tmp_path: Path) -> None:
    """The plan is on stdout with its refusals by rule; status 3 says that a person is needed."""
    swap = lab.scenario.summary[0]
    ran = as_admin("rebind", "--yes", WEB01, *certificates(swap), "--dry-run", "-f", "json")
    rows = {row["site"]: row for row in json.loads(ran.out)}
    assert ran.status == 3
    assert rows["Shop"]["outcome"] == "planned"
    assert (rows["Shop"]["before"], rows["Shop"]["after"]) == (swap.old, swap.new)
    assert (rows["Legacy"]["outcome"], rows["Legacy"]["rule"]) == ("refused", "loses-name")
    assert "nothing was changed" in ran.err
    assert bound(lab, "web01") == {swap.old}
    assert not (tmp_path / "before").exists()


def test_a_rebind_there_again_and_back(as_admin: Command, lab: Lab, tmp_path: Path) -> None:
    """Changed once and verified, then nothing to do, then back by the same command exchanged."""
    swap = lab.scenario.summary[1]
    ran = as_admin("rebind", "--yes", WEB02, *certificates(swap), "-f", "jsonl")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.status == 0
    assert [row["outcome"] for row in rows] == ["changed"] * 3
    assert {row["verdict"] for row in rows} == {"verified"}
    assert {row["served_after"]["thumbprint"] for row in rows} == {swap.new}
    assert bound(lab, "web02") == {swap.new}
    (before,) = (tmp_path / "before").iterdir()
    assert str(before) in ran.err
    assert f"--old {swap.new} --new {swap.old}" in ran.err

    again = as_admin("rebind", "--yes", WEB02, *certificates(swap))
    assert again.status == 0
    assert "nothing to change, 3 done already" in again.err

    back = as_admin("rebind", "--yes", WEB02, "--old", swap.new, "--new", swap.old)
    assert back.status == 0
    assert bound(lab, "web02") == {swap.old}


def test_a_rebind_as_a_table(as_admin: Command, lab: Lab) -> None:
    """The plan is beside the data, the result is the data; refusals stay, with status 3."""
    swap = lab.scenario.summary[0]
    ran = as_admin("rebind", "--yes", WEB01, *certificates(swap))
    assert ran.status == 3
    shop = next(line for line in ran.out.splitlines() if line.startswith("Shop"))
    assert f"shop.example {swap.old[:8]} → {swap.new[:8]}" in shop
    assert "verified" in shop
    assert "planned" not in ran.out
    assert "planned" in ran.err
    assert "3 bindings changed" in ran.err
    assert bound(lab, "web01") == {swap.old, swap.new}


def test_two_pipelines_by_appcmd(as_admin: Command, lab: Lab) -> None:
    """appcmd changes all bindings of an old Windows, in two pipelines of one shell."""
    swap = lab.scenario.summary[2]
    endpoint = lab.hosts["web03"].endpoint
    before = len(endpoint.requests)
    ran = as_admin(
        "rebind", "--yes", WEB03, *certificates(swap), "--method", "appcmd", "-f", "jsonl"
    )
    assert ran.status == 0
    assert {json.loads(line)["outcome"] for line in ran.out.splitlines()} == {"changed"}
    actions = [request.action for request in endpoint.requests[before:]]
    assert (actions.count("Create"), actions.count("Command")) == (1, 2)
    assert endpoint.open_shells == 0


@pytest.mark.parametrize(("method", "verb"), [("binding", "Add"), ("appcmd", "Rebind")])
def test_a_change_that_does_nothing_is_2(
    as_admin: Command, lab: Lab, method: str, verb: str
) -> None:
    """A command of Windows that silently does nothing is a failure by name, and nothing else."""
    swap = lab.scenario.summary[1]
    host = lab.hosts["web02"]
    host.host.faults[f"binding.{verb}SslCertificate"] = "nothing"
    with restored(host):
        ran = as_admin(
            "rebind", "--yes", WEB02, *certificates(swap), "--method", method, "-f", "json"
        )
    rows = json.loads(ran.out)
    assert ran.status == 2
    assert {(row["outcome"], row["verdict"]) for row in rows} == {("failed", None)}
    assert {row["served_after"]["thumbprint"] for row in rows} == {swap.old}
    assert "0 bindings changed, 3 failed" in ran.err
    assert "pending" not in ran.err


def test_no_before_file_no_change(as_admin: Command, lab: Lab, tmp_path: Path) -> None:
    """Where the state before cannot be kept, nothing is sent."""
    file = tmp_path / "file"
    file.write_text("in the way", "ascii")
    swap = lab.scenario.summary[1]
    ran = as_admin(
        "rebind", "--yes", WEB02, *certificates(swap), "--before-folder", str(file / "below")
    )
    assert ran.status == 5
    assert bound(lab, "web02") == {swap.old}


def test_a_connection_lost_while_changing_is_6(as_admin: Command, lab: Lab) -> None:
    """The outcome is unknown: where to look, and the same command finishes the work."""
    swap = lab.scenario.summary[1]
    there, back = certificates(swap), ("--old", swap.new, "--new", swap.old)
    web02 = lab.hosts["web02"]
    before = len(web02.endpoint.requests)
    assert as_admin("rebind", "--yes", WEB02, *there).status == 0
    actions = [request.action for request in web02.endpoint.requests[before:]]
    changing = [number for number, action in enumerate(actions, 1) if action == "Command"][1]

    web02.faults.arm(NetworkFault.CUT_AFTER, number=changing)
    lost = as_admin("rebind", "--yes", WEB02, *back)
    assert lost.status == 6
    assert "unknown" in lost.err
    assert "the state before is in" in lost.err
    assert f"psrebind bindings {WEB02}" in lost.err

    assert as_admin("rebind", "--yes", WEB02, *back).status == 0
    assert bound(lab, "web02") == {swap.old}


@pytest.mark.parametrize(("answer", "status"), [(b"n\n", 3), (b"y\n", 0)])
def test_a_terminal_is_asked(lab: Lab, tmp_path: Path, answer: bytes, status: int) -> None:
    """On a terminal a person decides after the plan: no changes nothing."""
    swap = lab.scenario.summary[1]
    words = ["rebind", WEB02, *certificates(swap), "--user", lab.user]
    environment = {"PSREBIND_PASSWORD": lab.password, "PSREBIND_BEFORE_FOLDER": str(tmp_path)}
    ran = on_a_terminal(words, environment, answer)
    assert f"change 3 bindings of {WEB02}? [y/N]" in ran.err
    assert ran.status == status
    assert bound(lab, "web02") == {swap.old if status else swap.new}
