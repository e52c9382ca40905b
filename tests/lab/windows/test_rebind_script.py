"""The lab's Task Scheduler and psrebind's notification script: that one runs, no other does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lab_tasks import authority, bound_host, hashes

from psrebind.lab.engines.model.tasks import SCRIPT
from psrebind.lab.stage import renewals
from psrebind.lab.windows.host import Host
from psrebind.templates import shipped

HANDLER = shipped("notification_handler.ps1")


def prepared(where: Host, text: str | None, script: str = SCRIPT) -> None:
    """Put a script on a host, and a notification task that runs it."""
    if text is not None:
        where.call("files.create_folder", {"path": SCRIPT.rpartition("\\")[0]})
        where.call("files.write", {"path": SCRIPT, "text": text})
    task = {"type": "Replace", "channel": "System", "script": script, "name": "psrebind"}
    where.call("pki.add_notification_task", task)


def test_the_script_rebinds(tmp_path: Path) -> None:
    """At a renewal the task runs psrebind's script, and with it appcmd."""
    where, old = bound_host(tmp_path)
    prepared(where, HANDLER)
    new = renewals.renew(where, authority(tmp_path), old.thumbprint)
    assert hashes(where) == [new]
    (task,) = where.state.tasks
    assert [one.result for one in task.runs] == [0]


@pytest.mark.parametrize("text", ["exit 0\n", f"{HANDLER}\n", None])
def test_another_script_does_nothing(tmp_path: Path, text: str | None) -> None:
    """A script that the lab does not know, or that is not there, fails and changes nothing."""
    where, old = bound_host(tmp_path)
    prepared(where, text)
    renewals.renew(where, authority(tmp_path), old.thumbprint)
    assert hashes(where) == [old.thumbprint]
    (task,) = where.state.tasks
    assert [one.result for one in task.runs] == [1]


def test_a_script_elsewhere_does_nothing(tmp_path: Path) -> None:
    """The lab has no files but psrebind's."""
    where, old = bound_host(tmp_path)
    prepared(where, HANDLER, "C:\\Scripts\\rebind.ps1")
    renewals.renew(where, authority(tmp_path), old.thumbprint)
    assert hashes(where) == [old.thumbprint]


@pytest.mark.parametrize(
    ("scope", "runs"),
    [("execution_policy", False), ("machine_policy", False), ("user_policy", True)],
)
def test_the_policy_decides(tmp_path: Path, scope: str, runs: bool) -> None:
    """Where AllSigned counts for SYSTEM, a script without a signature does not run."""
    where, old = bound_host(tmp_path)
    prepared(where, HANDLER)
    facts = replace(where.facts, **{scope: "AllSigned"})
    where.change(lambda state: replace(state, facts=facts))
    new = renewals.renew(where, authority(tmp_path), old.thumbprint)
    assert hashes(where) == [new if runs else old.thumbprint]
