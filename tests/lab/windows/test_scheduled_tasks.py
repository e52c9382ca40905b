"""The Task Scheduler: registration, what an export looks like, which events start what."""

from __future__ import annotations

import itertools
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lab_hosts import host, issue
from lab_tasks import PLACE, authority, bound_host, edit, events, hashes, last_run, register

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, differences, wanted_xml
from psrebind.lab.stage import renewals
from psrebind.lab.windows import task_export
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.commands import load_host
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.state import Facts, HostState
from psrebind.lab.windows.task_xml import RegisteredTask

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
SELECT = "*[System[EventID=1001]]"


def exported(where: Host) -> ElementTree.Element:
    """Return the rebind task's tree as the host exports it, namespaces taken off."""
    root = ElementTree.fromstring(where.call("tasks.export", PLACE).partition("?>")[2])
    for element in root.iter():
        element.tag = element.tag.removeprefix(NAMESPACE)
    return root


def shown(folder: Path, xml: str = wanted_xml(), **assumptions: Any) -> ElementTree.Element:
    """Return how a host with some assumptions exports a task."""
    where = host(folder, assumptions=Assumptions(**assumptions))
    register(where, xml)
    return exported(where)


def test_registered_task_is_listed(tmp_path: Path) -> None:
    """A registered task has its path, state, trigger and action, and never ran."""
    where = host(tmp_path)
    row = register(where)
    assert where.call("tasks.list", {"path": None, "name": None}) == [row]
    assert where.call("tasks.list", PLACE) == [row]
    assert (row["path"], row["name"], row["state"]) == (TASK_PATH, TASK_NAME, "Ready")
    assert row["uri"] == TASK_PATH + TASK_NAME
    (trigger,), (action,) = row["triggers"], row["actions"]
    assert (trigger["kind"], trigger["enabled"]) == ("MSFT_TaskEventTrigger", True)
    assert SELECT in trigger["subscription"]
    assert action["arguments"].startswith("renew binding /oldcert:$(OldCertHash)")
    assert last_run(where) == ("1999-11-30T00:00:00", 267011)


def test_tasks_survive_a_restart(tmp_path: Path) -> None:
    """Tasks and their runs are in the host's folder."""
    where, certificate = bound_host(tmp_path)
    register(where)
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    again = load_host(where.folder)
    assert again.state.tasks == where.state.tasks
    assert last_run(again)[1] == 0


def test_list_takes_wildcards(tmp_path: Path) -> None:
    """A name with a wildcard finds without case, and finds nothing without a fault."""
    where = host(tmp_path)
    register(where)
    assert len(where.call("tasks.list", {"path": "\\microsoft\\*", "name": "iis-*"})) == 1
    assert where.call("tasks.list", {"path": "\\Other\\*", "name": None}) == []
    assert where.call("tasks.list", {"path": None, "name": "Nothing*"}) == []


@pytest.mark.parametrize(
    ("command", "place", "error_id"),
    [
        ("tasks.list", {"name": "X"}, "CmdletizationQuery_NotFound_TaskName,Get-ScheduledTask"),
        (
            "tasks.list",
            {"path": "\\", "name": "X"},
            "CmdletizationQuery_NotFound,Get-ScheduledTask",
        ),
        ("tasks.export", {"name": TASK_NAME}, "HRESULT 0x80070002,Export-ScheduledTask"),
        ("tasks.info", {"name": TASK_NAME}, "HRESULT 0x80070002,Get-ScheduledTaskInfo"),
        ("tasks.enable", {"name": TASK_NAME}, "HRESULT 0x80070002,Enable-ScheduledTask"),
        ("tasks.disable", {"name": TASK_NAME}, "HRESULT 0x80070002,Disable-ScheduledTask"),
        ("tasks.start", {"name": TASK_NAME}, "HRESULT 0x80070002,Start-ScheduledTask"),
        ("tasks.unregister", {"path": "\\", "name": "X"}, "CmdletizationQuery_NotFound,Unreg"),
    ],
)
def test_missing_task_is_not_found(
    tmp_path: Path, command: str, place: dict[str, str], error_id: str
) -> None:
    """A task that is not there, or in another folder, is ObjectNotFound by its own error id."""
    where = host(tmp_path)
    register(where)
    with pytest.raises(HostFault) as caught:
        where.call(command, place)
    assert caught.value.error_id.startswith(error_id)
    assert caught.value.category == "ObjectNotFound"


def test_register_again_needs_force(tmp_path: Path) -> None:
    """A second registration is a fault unless forced; forced it replaces, also in other case."""
    where = host(tmp_path)
    register(where)
    with pytest.raises(HostFault) as caught:
        register(where, name=TASK_NAME.lower())
    assert (caught.value.hresult, caught.value.category) == (0x800700B7, "ResourceExists")
    register(where, edit(("<Priority>7<", "<Priority>5<")), force=True)
    assert len(where.state.tasks) == 1
    assert exported(where).findtext("Settings/Priority") == "5"


@pytest.mark.parametrize(
    ("old", "new", "hresult"),
    [
        ("</Task>", "", 0x8004131A),
        ("<Task ", '<?xml version="1.0" encoding="UTF-8"?><Task ', 0x8004131A),
        ("<Task ", "<!DOCTYPE Task [<!ENTITY a 'b'>]><Task ", 0x8004131A),
        ("2004/02/mit/task", "2004/03/mit/task", 0x80041317),
        ("Priority>", "Importance>", 0x80041316),
        ("<Hidden>false", "<Hidden>no", 0x80041318),
        ("<Enabled>true</Enabled><Sub", "<Enabled>yes</Enabled><Sub", 0x80041318),
        ("&lt;QueryList&gt;", "", 0x80041318),
        ("*[System[EventID=1001]]", "*[System[", 0x80073A99),
        ("Exec>", "Other>", 0x80041316),
    ],
)
def test_register_refuses_bad_xml(tmp_path: Path, old: str, new: str, hresult: int) -> None:
    """XML that the Task Scheduler does not take is refused with its HRESULT, in any language."""
    where = host(tmp_path, HostState(facts=Facts(name="web02", ui_culture="de-DE")))
    with pytest.raises(HostFault) as caught:
        register(where, edit((old, new)))
    assert caught.value.hresult == hresult
    assert caught.value.error_id == f"HRESULT 0x{hresult:08x},Register-ScheduledTask"
    assert where.state.tasks == ()


def test_register_takes_a_utf_16_declaration(tmp_path: Path) -> None:
    """A declaration of UTF-16 is taken: the text is that."""
    register(host(tmp_path), '<?xml version="1.0" encoding="UTF-16"?>\n' + wanted_xml())


def test_register_without_actions_is_refused(tmp_path: Path) -> None:
    """A task that does nothing lacks a node."""
    without = re.sub("<Exec>.*</Exec>", "", wanted_xml())
    with pytest.raises(HostFault) as caught:
        register(host(tmp_path), without)
    assert caught.value.hresult == 0x80041319


def test_changes_need_elevation(tmp_path: Path) -> None:
    """Who is not elevated may not register, and does not see the tasks of SYSTEM."""
    where = host(tmp_path)
    register(where)
    where.change(lambda state: replace(state, facts=replace(state.facts, elevated=False)))
    with pytest.raises(HostFault) as caught:
        register(where, force=True)
    assert caught.value.category == "PermissionDenied"
    assert where.call("tasks.list", {"path": "\\*", "name": None}) == []
    seeing = replace(where.state.assumptions, task_hidden_from_unelevated=False)
    where.change(lambda state: replace(state, assumptions=seeing))
    assert len(where.call("tasks.list", PLACE)) == 1


def test_unregister_takes_the_task_away(tmp_path: Path) -> None:
    """An unregistered task is gone, others stay."""
    where = host(tmp_path)
    register(where)
    register(where, name="Other")
    where.call("tasks.unregister", PLACE)
    assert [one["name"] for one in where.call("tasks.list", {})] == ["Other"]


def test_export_drops_defaults(tmp_path: Path) -> None:
    """By default settings at their default are gone, the logon type too, and the URI is there."""
    bare = edit(("<URI>", "<Author>"), ("</URI>", "</Author>"))
    root = shown(tmp_path, bare)
    names = [one.tag for one in root.iterfind("Settings/*")]
    assert root.findtext("RegistrationInfo/URI") == TASK_PATH + TASK_NAME
    assert root.find("Principals/Principal/LogonType") is None
    assert "Priority" not in names
    assert root.findtext("Settings/StopIfGoingOnBatteries") == "true"
    assert root.findtext("Settings/ExecutionTimeLimit") == "PT1H"
    assert [one.tag for one in root][:2] == ["RegistrationInfo", "Principals"]


def test_export_may_fill_defaults_in(tmp_path: Path) -> None:
    """By another assumption settings that were not given are there with their default."""
    short = edit(("<Priority>7</Priority>", ""), ("<WakeToRun>false</WakeToRun>", ""))
    root = shown(tmp_path, short, task_export_fills_defaults=True)
    assert root.findtext("Settings/Priority") == "7"
    assert root.findtext("Settings/WakeToRun") == "false"


def test_export_may_change_nothing(tmp_path: Path) -> None:
    """With every normalisation off the export is what was registered."""
    root = shown(
        tmp_path,
        task_export_adds_uri=False,
        task_export_orders_elements=False,
        task_export_drops_defaults=False,
        task_export_drops_system_logon_type=False,
    )
    given = ElementTree.fromstring(wanted_xml())
    tags = [one.tag.removeprefix(NAMESPACE) for one in given.iter()]
    assert [one.tag for one in root.iter()] == tags
    words = [(one.text or "").split() for one in given.iter()]
    assert [(one.text or "").split() for one in root.iter()] == words


def test_export_may_say_service_account(tmp_path: Path) -> None:
    """The logon type of SYSTEM can come back as ServiceAccount."""
    root = shown(tmp_path, task_export_says_service_account=True)
    assert root.findtext("Principals/Principal/LogonType") == "ServiceAccount"


def test_every_normalisation_is_the_same_task() -> None:
    """Whatever Windows makes of the task, alone or together, psrebind knows it again."""
    names = [one.name for one in fields(Assumptions) if one.name.startswith("task_export_")]
    task = RegisteredTask(path=TASK_PATH, name=TASK_NAME, xml=wanted_xml())
    for values in itertools.product((False, True), repeat=len(names)):
        text = task_export.export(task, Assumptions(**dict(zip(names, values, strict=True))))
        assert differences(text) == (), text


def test_exported_task_can_be_registered(tmp_path: Path) -> None:
    """What a host exports it takes back, and exports the same again."""
    where = host(tmp_path)
    register(where)
    text = where.call("tasks.export", PLACE)
    register(where, text, force=True)
    assert where.call("tasks.export", PLACE) == text
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n')


def test_disabled_task_says_so(tmp_path: Path) -> None:
    """Disabling shows in state and export; enabling brings it back."""
    where = host(tmp_path)
    register(where)
    assert where.call("tasks.disable", PLACE)["state"] == "Disabled"
    assert exported(where).findtext("Settings/Enabled") == "false"
    with pytest.raises(HostFault) as caught:
        where.call("tasks.start", PLACE)
    assert caught.value.hresult == 0x80041326
    assert where.call("tasks.enable", PLACE)["state"] == "Ready"


def test_renewal_starts_the_rebind_task(tmp_path: Path) -> None:
    """A renewal's 1001 runs appcmd with both hashes, and the binding has the new certificate."""
    where, certificate = bound_host(tmp_path)
    register(where)
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert hashes(where) == [new]
    (done,) = where.state.tasks[0].runs
    event = events(where, SELECT)[0]
    assert (done.record_id, done.result) == (event["record_id"], 0)
    assert f"/oldcert:{certificate.thumbprint.lower()} /newcert:{new.lower()}" in done.line
    assert last_run(where)[0] > "2000"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Enabled>true</Enabled><Sub", "<Enabled>false</Enabled><Sub"),
        ("<Enabled>true</Enabled><Hidden", "<Enabled>false</Enabled><Hidden"),
        ("EventID=1001", "EventID=1002"),
        (SYSTEM_CHANNEL, USER_CHANNEL),
        ("EventTrigger>", "LogonTrigger>"),
        (
            "&lt;/Select&gt;",
            f"&lt;/Select&gt;&lt;Suppress Path='{SYSTEM_CHANNEL}'&gt;{SELECT}&lt;/Suppress&gt;",
        ),
    ],
)
def test_other_tasks_do_not_start(tmp_path: Path, old: str, new: str) -> None:
    """A task that is off, suppresses the event, or waits for something else, does nothing."""
    assert old in wanted_xml()
    where, certificate = bound_host(tmp_path)
    register(where, edit((old, new)))
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert (hashes(where), where.state.tasks[0].runs) == ([certificate.thumbprint], ())


def test_events_before_the_registration_are_not_replayed(tmp_path: Path) -> None:
    """A task registered after the event does not run; the next event starts it once."""
    where, certificate = bound_host(tmp_path)
    second = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    register(where)
    assert hashes(where) == [certificate.thumbprint]
    renewals.renew(where, authority(tmp_path), second)
    assert len(where.state.tasks[0].runs) == 1


def test_channel_off_starts_nothing(tmp_path: Path) -> None:
    """Without an event nothing starts."""
    where, certificate = bound_host(tmp_path)
    register(where)
    where.call(
        "native", {"program": "wevtutil.exe", "arguments": ["sl", SYSTEM_CHANNEL, "/e:false"]}
    )
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert where.state.tasks[0].runs == ()


def test_task_acts_as_system(tmp_path: Path) -> None:
    """The task's program is elevated although whoever is logged on is not."""
    where, certificate = bound_host(tmp_path)
    register(where)
    where.change(lambda state: replace(state, facts=replace(state.facts, elevated=False)))
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert hashes(where) == [new]
    assert where.state.facts.elevated is False


def test_failing_program_is_the_last_result(tmp_path: Path) -> None:
    """What appcmd exits with is the task's last result; the fault asked for reaches it."""
    where, certificate = bound_host(tmp_path)
    register(where)
    where.faults["appcmd"] = "fail"
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert (hashes(where), last_run(where)[1]) == ([certificate.thumbprint], 32)


@pytest.mark.parametrize(
    ("command", "result"),
    [
        ("%SystemRoot%\\System32\\inetsrv\\appcmd.exe", 0),
        ("C:\\Tools\\rebinder.exe", 0x80070002),
        ("%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", 1),
    ],
)
def test_program_of_the_action_decides_the_result(
    tmp_path: Path, command: str, result: int
) -> None:
    """A missing program is file not found; a script is not run and says so by result 1."""
    where, certificate = bound_host(tmp_path)
    appcmd = "%SystemRoot%\\System32\\inetsrv\\appcmd.exe"
    register(where, edit((appcmd, command)))
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert last_run(where)[1] == result


@pytest.mark.parametrize(
    ("stays", "words"), [(False, "/newcert:"), (True, "/newcert:$(NewCertHash)")]
)
def test_missing_value_is_an_assumption(tmp_path: Path, stays: bool, words: str) -> None:
    """A variable that no value query answers is empty or stays as it is written."""
    assumptions = Assumptions(task_missing_value_stays_as_written=stays)
    where, certificate = bound_host(tmp_path, assumptions=assumptions)
    register(where, edit(("NewCertificateDetails/@", "NoSuchDetails/@")))
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert where.state.tasks[0].runs[0].line.endswith(words)


def test_every_task_on_the_event_runs(tmp_path: Path) -> None:
    """Two tasks on one event both run, one after the other."""
    where, certificate = bound_host(tmp_path)
    register(where)
    register(where, name="Duplicate")
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert [len(one.runs) for one in where.state.tasks] == [1, 1]


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
