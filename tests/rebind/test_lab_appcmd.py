"""The method appcmd: what Windows' own task does, after psrebind's checks, and nothing hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from labs import rebound, records, remove_certificate, restored, sent, swap

from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.run import Method
from psrebind.services.rules import Rule


def as_windows_task(lab: Lab, host: LabHost) -> None:
    """Do what the task of Windows does: its one command line, and no more."""
    waiting = swap(lab, host.name)
    words = ["renew", "binding", f"/oldcert:{waiting.old}", f"/newcert:{waiting.new}"]
    program = {"program": r"C:\Windows\System32\inetsrv\appcmd.exe", "arguments": words}
    assert host.host.call("native", program)["exit"] == 0


@pytest.mark.parametrize("name", ["web02", "web03"])
def test_the_same_as_windows_own_task(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, name: str
) -> None:
    """Where Windows keeps options by itself, the records are those that its task leaves."""
    host = hosts[name]
    assume(host.host, "rebind_resets_options", False)
    with restored(host):
        as_windows_task(lab, host)
        by_task = records(host)
    found = rebound(lab, name, tmp_path, Method.APPCMD)
    assert (found.outcome, found.exit_status) == (Outcome.CHANGED, 0)
    assert records(host) == by_task
    assert (found.remarks, found.prepared.plan.skipped) == ((), ())


def test_a_binding_that_is_skipped_is_said(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path
) -> None:
    """Where a store lacks the new certificate, the task would succeed in silence; we say it."""
    host, new = hosts["web02"], swap(lab, "web02").new
    remove_certificate(host, new, "WebHosting")
    with restored(host):
        as_windows_task(lab, host)
        by_task = records(host)
    found = rebound(lab, "web02", tmp_path, Method.APPCMD)
    (skip,) = found.prepared.plan.skipped
    assert skip.place.site == "Hosting"
    assert "not in the store WebHosting (but in My)" in skip.reason
    assert found.remarks == ()
    assert (found.outcome, found.exit_status) == (Outcome.REFUSED, 3)
    assert records(host) == by_task


def test_a_silence_that_nobody_foresaw_is_a_failure(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path
) -> None:
    """What appcmd passes over although nothing spoke against it has failed, each by name."""
    host = hosts["web02"]
    host.host.faults["binding.RebindSslCertificate"] = "nothing"
    found = rebound(lab, "web02", tmp_path, Method.APPCMD)
    assert (found.outcome, found.exit_status) == (Outcome.FAILED, 2)
    assert all("passed it over in silence" in (one.error or "") for one in found.steps)
    sites = {place.site for one in found.steps for place in one.step.places}
    assert sites == {"Kunden", "Partner", "Hosting"}


def test_the_same_checks(lab: Lab, hosts: dict[str, LabHost], tmp_path: Path) -> None:
    """A name that would be lost keeps all bindings as they are: appcmd leaves none out."""
    host = hosts["web01"]
    before, asked = host.host.state, len(sent(host))
    found = rebound(lab, "web01", tmp_path, Method.APPCMD)
    rules = {one.place.site: one.rule for one in found.prepared.plan.refusals}
    assert rules.pop("Legacy") is Rule.LOSES_NAME
    assert rules == dict.fromkeys(("Shop", "München", "Intranet"), Rule.ALL_OR_NOTHING)
    assert (found.exit_status, host.host.state) == (3, before)
    assert sent(host)[asked:].count("Command") == 1
