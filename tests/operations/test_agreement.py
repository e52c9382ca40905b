"""Both engines agree on every operation: rows, errors, events, and the state they leave behind."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from labs import connect, network, restored
from operations.changes import bindings, pair, setting

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.errors import ScriptError
from psrebind.lab.stage.lab import Lab
from psrebind.lab.stage.scenario import ALL_NAMES
from psrebind.lab.windows.persistence import encode
from psrebind.model import Thumbprint
from psrebind.operations import Operation, names, run
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.get_rebind_notification import GetRebindNotification
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.register_rebind_notification import RegisterRebindNotification
from psrebind.operations.register_rebind_task import RegisterRebindTask
from psrebind.operations.send_renewal_notice import SendRenewalNotice
from psrebind.operations.unregister_rebind_notification import UnregisterRebindNotification
from psrebind.operations.unregister_rebind_task import UnregisterRebindTask

HOSTS = ("web01", "web02", "web03")
READING = (GetHost(), GetCertificate(), GetIisBinding())
# A renewal from another CA, a shared template, and an edited task with its log off.
TASK_HOSTS = ("web01", "web02", "web04", "web05", "web06")
BOTH = (SYSTEM_CHANNEL, USER_CHANNEL)
# Every command of Windows that an operation reaches, each of which may fail.
FAILING = (
    "binding.AddSslCertificate",
    "eventlog.logs",
    "eventlog.query",
    "files.create_folder",
    "files.exists",
    "files.read",
    "files.remove",
    "files.write",
    "iis.bindings",
    "iis.sites",
    "native",
    "pki.add_notification_task",
    "pki.remove_notification_task",
    "pki.switch",
    "registry.exists",
    "registry.key",
    "registry.keys",
    "registry.values",
    "store.certificates",
    "tasks.export",
    "tasks.info",
    "tasks.list",
    "tasks.register",
    "tasks.unregister",
)
REFUSED = GetLifecycleEvent(query="*[System[")
LOOKING = (GetLifecycleEvent(channels=BOTH), GetRebindTask(), GetIisBinding())
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")


@pytest.fixture
def twins(pwsh: Path, tmp_path: Path) -> list[Path]:
    """Two folders with one lab's state: the engines take turns on its addresses."""
    first = tmp_path / "model"
    Lab.create(first, network=network(), names=ALL_NAMES)
    second = first.with_name("pwsh")
    shutil.copytree(first, second)
    return [first, second]


def story(lab: Lab, host: str) -> list[Operation[Any]]:
    """What is done on a host: look, change, change again, fail, renew by appcmd, look."""
    old, new = pair(lab, host)
    with connect(lab, host) as session:
        found = list(bindings(session).values())
    changes = [setting(one, new) for one in found[:2]]
    wrong = replace(changes[0], expected=Thumbprint("0" * 40), thumbprint=Thumbprint("1" * 40))
    absent = replace(changes[0], site="Nowhere")
    appcmd = InvokeIisRenewal(old=old, new=new)
    return [*changes, *changes, wrong, absent, appcmd, appcmd]


def task_story(lab: Lab, host: str) -> list[Operation[Any]]:
    """What is done with a host's tasks: look, enable by both ways, notify, look, disable."""
    old, new, *_ = (Thumbprint(one.thumbprint) for one in certificates(lab, host))
    absent = Thumbprint("0" * 40)
    few = GetLifecycleEvent(query=event_query(ids=[1001], thumbprint=old), newest=1)
    notices = (
        SendRenewalNotice(old=old, new=new),
        SendRenewalNotice(old=new, new=old, link=True),
        SendRenewalNotice(old=old, new=absent),
    )
    script = [GetRebindNotification(), RegisterRebindNotification(force=True)]
    begin = [REFUSED, *LOOKING, RegisterRebindTask(), RegisterRebindTask(), *notices, few, *LOOKING]
    forced = RegisterRebindTask(force=True)
    ends = [UnregisterRebindTask(), UnregisterRebindNotification()]
    return [
        *begin,
        RegisterRebindNotification(),
        *script,
        *script,
        forced,
        *notices,
        *LOOKING,
        *ends,
        *ends,
    ]


def certificates(lab: Lab, host: str) -> list[Any]:
    """The certificates of a host's store My; a copy of the first where it has only one."""
    held = [one for one in lab.scenario.hosts[host].state.certificates if one.store == "My"]
    return held if len(held) > 1 else [*held, *certificates(lab, "web01")[:1]]


def answers(folder: Path, engine: Path | None) -> dict[str, Any]:
    """Everything that every host says to its story, and its state at the end."""
    found: dict[str, Any] = {}
    with Lab.open(folder, engine).running() as lab:
        for host in HOSTS:
            with connect(lab, host) as session:
                reply = run([*READING, *story(lab, host), *READING], session)
            found[host] = [
                (body.operation, _plain(body.rows), body.warnings, _error(body.error))
                for body in reply.bodies
            ]
            found[f"{host} state"] = lab.scenario.hosts[host].state
            # The engine's version is the one that runs: a PowerShell 7 here, 5.1 in the model.
            found[f"{host} head"] = (reply.language_mode, reply.process_bits, reply.ui_culture)
    return found


def task_answers(folder: Path, engine: Path | None) -> dict[str, Any]:
    """Everything that hosts say to the story of their tasks, and their events and tasks."""
    found: dict[str, Any] = {}
    with Lab.open(folder, engine).running() as lab:
        for host in TASK_HOSTS:
            with connect(lab, host) as session:
                bodies = run(task_story(lab, host), session).bodies
            for at, body in enumerate(bodies):
                said = [_plain(body.rows), body.warnings, _error(body.error)]
                found[f"{host} {at} {body.operation}"] = _timeless(said)
            found[f"{host} state"] = _timeless(encode(lab.scenario.hosts[host].state))
    return found


def every_operation(lab: Lab) -> list[Operation[Any]]:
    """Each operation once, in an order in which each has something to do."""
    old, new = pair(lab, "web01")
    with connect(lab) as session:
        first = next(iter(bindings(session).values()))
    scripts = [RegisterRebindNotification(force=True), GetRebindNotification()]
    tasks = [RegisterRebindTask(force=True), *scripts, GetRebindTask()]
    notice = [SendRenewalNotice(old=old, new=new), GetLifecycleEvent()]
    ends = [UnregisterRebindTask(), UnregisterRebindNotification()]
    return [
        *READING,
        setting(first, new),
        *tasks,
        *notice,
        *ends,
        InvokeIisRenewal(old=old, new=new),
    ]


def failures(folder: Path, engine: Path | None) -> dict[str, Any]:
    """What every operation says where one command of Windows fails, for each command in turn."""
    found: dict[str, Any] = {}
    with Lab.open(folder, engine).running() as lab, connect(lab) as session:
        for command in FAILING:
            with restored(lab.hosts["web01"]) as host:
                asked = every_operation(lab)
                host.host.faults[command] = "fail"
                for body in run(asked, session).bodies:
                    said = [body.warnings, _error(body.error)]
                    found[f"{command} {body.operation}"] = _timeless(said)
    return found


def _timeless(value: Any) -> Any:
    # The two engines take their turns one after the other.
    return json.loads(_TIME.sub("TIME", json.dumps(value, sort_keys=True)))


def _plain(rows: Any) -> Any:
    # A hashtable has no order; a list has.
    return [dict(sorted(row.items())) for row in rows]


def _error(error: ScriptError | None) -> list[object] | None:
    """All that is known of an error, but for the line of a script that only one engine runs."""
    if error is None:
        return None
    return [error.message, error.error_id, error.category, error.exception, error.hresult]


@pytest.mark.engine
def test_the_engines_agree(twins: list[Path], pwsh: Path) -> None:
    """Rows, errors and states are the same with and without a PowerShell."""
    model, real = answers(twins[0], None), answers(twins[1], pwsh)
    for key, found in model.items():
        assert real[key] == found, key


@pytest.mark.engine
def test_the_engines_agree_on_failures(twins: list[Path], pwsh: Path) -> None:
    """So are the errors of every command of Windows that an operation reaches."""
    model, real = failures(twins[0], None), failures(twins[1], pwsh)
    assert {key.split()[0] for key, (_, error) in model.items() if error} == set(FAILING)
    for key, found in model.items():
        assert real[key] == found, key


@pytest.mark.engine
def test_the_engines_agree_on_tasks(twins: list[Path], pwsh: Path) -> None:
    """So are events, tasks, notices and what the tasks did at them."""
    model, real = task_answers(twins[0], None), task_answers(twins[1], pwsh)
    for key, found in model.items():
        assert real[key] == found, key
    assert list(real) == list(model)


def test_the_story_has_every_operation(tmp_path: Path) -> None:
    """The comparison above leaves no operation out."""
    with Lab.create(tmp_path, network=network()).running() as lab:
        told = {one.name() for one in [*READING, *story(lab, "web01"), *task_story(lab, "web01")]}
    assert told == set(names())
