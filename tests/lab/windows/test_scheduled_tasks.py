"""The commands of the ScheduledTasks module: registration, lists and exports."""

from __future__ import annotations

import itertools
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lab_hosts import host
from lab_tasks import PLACE, authority, bound_host, edit, last_run, register

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
