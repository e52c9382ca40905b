"""The rpc of the ScheduledTasks module: tasks listed, registered, exported, started.

It knows the Task Scheduler's faults; how tasks run is scheduler.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from psrebind.lab import scheduler, task_xml, texts
from psrebind.lab.eventlog import compiled
from psrebind.lab.hostfault import HostFault
from psrebind.lab.persistence import encode
from psrebind.lab.scheduler import find_task, put_task
from psrebind.lab.task_xml import RegisteredTask, TaskXmlError

if TYPE_CHECKING:
    from psrebind.lab.host import Host

Arguments = Mapping[str, object]

NEVER_RAN = 0x41303
RUNNING = 0x41301
NEVER = "1999-11-30T00:00:00"
TASK_DISABLED = 0x80041326
MALFORMED_TEXT = ("The task XML is malformed.", "Die Aufgaben-XML ist falsch formatiert.")
XML_TEXTS = {
    task_xml.UNEXPECTED_NODE: (
        "The task XML contains an unexpected node.",
        "Die Aufgaben-XML enthält einen unerwarteten Knoten.",
    ),
    task_xml.WRONG_NAMESPACE: (
        "The task XML contains an element or attribute from an unexpected namespace.",
        "Die Aufgaben-XML enthält ein Element oder Attribut aus einem unerwarteten Namespace.",
    ),
    task_xml.INVALID_VALUE: (
        "The task XML contains a value which is incorrectly formatted or out of range.",
        "Die Aufgaben-XML enthält einen falsch formatierten oder ungültigen Wert.",
    ),
    task_xml.MISSING_NODE: (
        "The task XML is missing a required element or attribute.",
        "In der Aufgaben-XML fehlt ein erforderliches Element oder Attribut.",
    ),
}
DISABLED_TEXT = (
    "The task is disabled.",
    "Die Aufgabe ist deaktiviert.",
)


def list_tasks(host: Host, arguments: Arguments) -> list[dict[str, object]]:
    """Return the tasks of a path and name; a whole name that nothing has is a fault."""
    path, name = arguments.get("path"), arguments.get("name")
    found = [
        task
        for task in _visible(host)
        if _like(task.path, path if path is None else _path(path)) and _like(task.name, name)
    ]
    given = [
        (word, str(value)) for word, value in (("TaskName", name), ("TaskPath", path)) if value
    ]
    if not found and given and not any("*" in value or "?" in value for _, value in given):
        kind = "" if len(given) > 1 else f"_{given[0][0]}"
        raise _not_found(f"CmdletizationQuery_NotFound{kind},Get-ScheduledTask", given)
    return [describe(host, task) for task in found]


def describe(host: Host, task: RegisteredTask) -> dict[str, object]:
    """Return a task as Get-ScheduledTask shows it."""
    root = task_xml.parse(task_xml.export(task, host.state.assumptions))
    running = (task.path + task.name).casefold() in host.running_tasks
    return {
        "path": task.path,
        "name": task.name,
        "state": "Running" if running else "Ready" if task.enabled else "Disabled",
        "uri": root.findtext("RegistrationInfo/URI", ""),
        "triggers": [_trigger(one) for one in root.iterfind("Triggers/*")],
        "actions": [
            {"execute": command, "arguments": words}
            for command, words in task_xml.programs_of(root)
        ],
    }


def export(host: Host, arguments: Arguments) -> str:
    """Return a task's XML."""
    return task_xml.export(_task(host, arguments, "Export"), host.state.assumptions)


def information(host: Host, arguments: Arguments) -> dict[str, object]:
    """Return when a task ran last and how that ended."""
    task = _task(host, arguments, "Get", "Info")
    last = task.runs[-1] if task.runs else None
    running = (task.path + task.name).casefold() in host.running_tasks
    return {
        "last_run": encode(last.time) if last else NEVER,
        "last_result": RUNNING if running else last.result if last else NEVER_RAN,
        "next_run": None,
        "missed_runs": 0,
    }


def register(host: Host, arguments: Arguments) -> dict[str, object]:
    """Register a task from its XML; one that is there is a fault without force."""
    command = "Register-ScheduledTask"
    german = host.state.german
    _require_elevation(host, command)
    path, name = _path(arguments["path"]), str(arguments["name"])
    xml = str(arguments["xml"])
    try:
        root = task_xml.parse(xml)
        for trigger in task_xml.event_triggers(root):
            for _, _, xpath in task_xml.selects(trigger.subscription):
                compiled(host, xpath)
    except TaskXmlError as error:
        message = f"{_xml_text(error.hresult, german=german)} {error.reason}"
        raise task_fault(error.hresult, command, message) from error
    except HostFault as fault:
        if fault.category == "NotImplemented":
            raise
        raise task_fault(fault.hresult, command, fault.message) from fault
    task = RegisteredTask(
        path=path, name=name, xml=xml, enabled=task_xml.setting(root, "Enabled") == "true"
    )
    if find_task(host.state.tasks, path, name) and not arguments.get("force"):
        message = texts.system_text(texts.ALREADY_EXISTS, german=german)
        raise task_fault(texts.ALREADY_EXISTS, command, message, category="ResourceExists")
    host.change(lambda state: replace(state, tasks=put_task(state.tasks, task)))
    return describe(host, task)


def unregister(host: Host, arguments: Arguments) -> None:
    """Take a task away."""
    path, name = _path(arguments.get("path")), str(arguments["name"])
    _require_elevation(host, "Unregister-ScheduledTask")
    gone = find_task(host.state.tasks, path, name)
    if gone is None:
        where = [("TaskName", name), ("TaskPath", path)]
        raise _not_found("CmdletizationQuery_NotFound,Unregister-ScheduledTask", where)
    host.change(
        lambda state: replace(
            state,
            tasks=tuple(
                one for one in state.tasks if (one.path, one.name) != (gone.path, gone.name)
            ),
        )
    )


def enable(host: Host, arguments: Arguments) -> dict[str, object]:
    """Enable a task."""
    return _switch(host, _task(host, arguments, "Enable"), enabled=True)


def disable(host: Host, arguments: Arguments) -> dict[str, object]:
    """Disable a task."""
    return _switch(host, _task(host, arguments, "Disable"), enabled=False)


def start(host: Host, arguments: Arguments) -> None:
    """Run a task now, with no event behind it; it has ended when this returns."""
    task = _task(host, arguments, "Start")
    if not task.enabled:
        message = DISABLED_TEXT[host.state.german]
        raise task_fault(TASK_DISABLED, "Start-ScheduledTask", message)
    scheduler.run(host, task, {})


def task_fault(
    hresult: int, command: str, message: str, *, category: str = "NotSpecified"
) -> HostFault:
    """Return the fault of a command of the ScheduledTasks module."""
    return HostFault(
        message,
        error_id=f"HRESULT 0x{hresult:08x},{command}",
        category=category,
        exception_type="Microsoft.Management.Infrastructure.CimException",
        hresult=hresult,
    )


def _switch(host: Host, task: RegisteredTask, *, enabled: bool) -> dict[str, object]:
    _require_elevation(host, "Enable-ScheduledTask" if enabled else "Disable-ScheduledTask")

    def change_task(one: RegisteredTask) -> RegisteredTask:
        same = (one.path, one.name) == (task.path, task.name)
        return replace(one, enabled=enabled) if same else one

    host.change(lambda state: replace(state, tasks=tuple(map(change_task, state.tasks))))
    return describe(host, replace(task, enabled=enabled))


def _task(host: Host, arguments: Arguments, verb: str, noun: str = "") -> RegisteredTask:
    path, name = _path(arguments.get("path")), str(arguments["name"])
    found = find_task(_visible(host), path, name)
    if found is None:
        message = texts.system_text(texts.FILE_NOT_FOUND, german=host.state.german)
        command = f"{verb}-ScheduledTask{noun}"
        raise task_fault(texts.FILE_NOT_FOUND, command, message, category="ObjectNotFound")
    return found


def _visible(host: Host) -> tuple[RegisteredTask, ...]:
    state = host.state
    if state.facts.elevated or not state.assumptions.task_hidden_from_unelevated:
        return state.tasks
    return tuple(one for one in state.tasks if not task_xml.runs_as_system(task_xml.parse(one.xml)))


def _require_elevation(host: Host, command: str) -> None:
    if not host.state.facts.elevated:
        message = texts.system_text(texts.ACCESS_DENIED, german=host.state.german)
        raise task_fault(texts.ACCESS_DENIED, command, message, category="PermissionDenied")


def _path(value: object) -> str:
    words = str(value or "").strip("\\")
    return f"\\{words}\\" if words else "\\"


def _like(value: str, pattern: object) -> bool:
    return pattern is None or fnmatchcase(value.casefold(), str(pattern).casefold())


def _trigger(element: Element) -> dict[str, object]:
    return {
        "kind": f"MSFT_Task{element.tag}",
        "enabled": element.findtext("Enabled", "true").strip() == "true",
        "subscription": element.findtext("Subscription"),
    }


def _xml_text(hresult: int, *, german: bool) -> str:
    return XML_TEXTS.get(hresult, MALFORMED_TEXT)[german]


def _not_found(error_id: str, given: list[tuple[str, str]]) -> HostFault:
    words = " and ".join(f"property '{word}' equal to '{value}'" for word, value in given)
    return HostFault(
        f"No MSFT_ScheduledTask objects found with {words}.  "
        "Verify the value of the property and retry.",
        error_id=error_id,
        category="ObjectNotFound",
        exception_type="Microsoft.PowerShell.Cmdletization.Cim.CimJobException",
    )


COMMANDS: Mapping[str, Callable[[Host, Arguments], object]] = {
    "tasks.list": list_tasks,
    "tasks.export": export,
    "tasks.info": information,
    "tasks.register": register,
    "tasks.unregister": unregister,
    "tasks.enable": enable,
    "tasks.disable": disable,
    "tasks.start": start,
}
