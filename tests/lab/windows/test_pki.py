"""Switch-Certificate and the tasks of certificate notifications."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lab_hosts import issue
from lab_tasks import authority, bound_host, events, hashes, register

from psrebind.lab.stage import renewals
from psrebind.lab.windows.host_fault import HostFault


def test_switch_certificate_starts_the_task(tmp_path: Path) -> None:
    """Switch-Certificate raises 1001 with action replace; only without NotifyOnly it links."""
    where, old = bound_host(tmp_path)
    new = issue(tmp_path)
    where.change(lambda state: replace(state, certificates=(*state.certificates, new)))
    register(where)
    paths = {"old": f"Cert:\\LocalMachine\\My\\{old.thumbprint}"}
    paths["new"] = f"cert:\\localmachine\\my\\{new.thumbprint.lower()}"
    where.call("pki.switch", {**paths, "notify_only": True})
    assert (hashes(where), where.state.certificates[0].renewed_by) == ([new.thumbprint], None)
    assert "<Action>replace</Action>" in events(where)[0]["xml"]
    where.call("pki.switch", {**paths, "notify_only": False})
    assert where.state.certificates[0].renewed_by == new.thumbprint
    assert [one["id"] for one in events(where)] == [1001, 1001]


def test_switch_needs_both_certificates(tmp_path: Path) -> None:
    """A certificate that is not in the store is a path that does not exist; no event is written."""
    where, old = bound_host(tmp_path)
    path = f"Cert:\\LocalMachine\\My\\{old.thumbprint}"
    with pytest.raises(HostFault) as caught:
        where.call("pki.switch", {"old": path, "new": path[:-1] + "Z", "notify_only": True})
    assert caught.value.category == "ObjectNotFound"
    assert where.state.channels[0].events == ()


def test_notification_tasks_come_and_go(tmp_path: Path) -> None:
    """A notification task is a task of its own folder, runs on its event, and can be removed."""
    where, certificate = bound_host(tmp_path)
    for kind, channel in (("Replace", "System"), ("Expire", "User")):
        given = {"type": kind, "channel": channel, "script": "C:\\a b.ps1", "name": kind}
        where.call("pki.add_notification_task", given)
    with pytest.raises(HostFault):
        where.call("pki.add_notification_task", given)
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    first, second = where.state.tasks
    assert '-NonInteractive -File "C:\\a b.ps1"' in first.runs[0].line
    assert f"-OldCertHash {certificate.thumbprint.lower()}" in first.runs[0].line
    assert first.runs[0].line.endswith("-EventRecordId 2")
    assert (first.runs[0].result, second.runs) == (1, ())
    rows = where.call("pki.notification_tasks", {})
    assert [(one["name"], one["type"], one["channel"]) for one in rows] == [
        ("Replace", "Replace", "System"),
        ("Expire", "Expire", "User"),
    ]
    assert {one["script"] for one in rows} == {"C:\\a b.ps1"}
    where.call("pki.remove_notification_task", {"name": "Replace"})
    assert [one["name"] for one in where.call("pki.notification_tasks", {})] == ["Expire"]
