"""The commands of the ScheduledTasks module: tasks listed, registered, exported, started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from xml.etree.ElementTree import Element

from psrebind.lab.windows import system_errors, task_export, task_scheduler, task_xml
from psrebind.lab.windows.event_log import compile_query
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.persistence import encode
from psrebind.lab.windows.task_faults import disabled, not_found, task_fault, xml_text
from psrebind.lab.windows.task_scheduler import find_task, put_task
from psrebind.lab.windows.task_xml import RegisteredTask, TaskXmlError

Arguments = Mapping[str, object]

NEVER_RAN = 0x41303
RUNNING = 0x41301
NEVER = "1999-11-30T00:00:00"


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
    broken: list[dict[str, object]] = []
    if given and host.state.assumptions.task_broken_fails_in_named_queries:
        broken = [
            _unreadable(host, system_errors.FILE_NOT_FOUND)
            for one in host.state.tasks
            if one not in found and not _parses(one.xml)
        ]
    if (
        not found
        and not broken
        and given
        and not any("*" in value or "?" in value for _, value in given)
    ):
        kind = "" if len(given) > 1 else f"_{given[0][0]}"
        raise not_found(f"CmdletizationQuery_NotFound{kind},Get-ScheduledTask", given)
    return broken + [one for one in (_listed(host, task) for task in found) if one is not None]


def _parses(xml: str) -> bool:
    try:
        task_xml.parse(xml)
    except TaskXmlError:
        return False
    return True


def _unreadable(host: Host, hresult: int) -> dict[str, object]:
    text = system_errors.system_text(hresult, german=host.state.german)
    fault = task_fault(hresult, "Get-ScheduledTask", text, category="ObjectNotFound")
    return {
        "error": {
            "message": text,
            "error_id": fault.error_id,
            "hresult": hresult,
            "category": fault.category,
        }
    }


def _listed(host: Host, task: RegisteredTask) -> dict[str, object] | None:
    try:
        return describe(host, task)
    except TaskXmlError as error:
        if not host.state.assumptions.task_broken_fails_in_lists:
            return None
        text = xml_text(error.hresult, german=host.state.german)
        fault = task_fault(error.hresult, "Get-ScheduledTask", text)
        return {"error": {"message": text, "error_id": fault.error_id, "hresult": error.hresult}}


def describe(host: Host, task: RegisteredTask) -> dict[str, object]:
    """Return a task as Get-ScheduledTask shows it."""
    root = task_xml.parse(task_export.export(task, host.state.assumptions))
    running = folded(task.path + task.name) in host.running_tasks
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
    return task_export.export(_task(host, arguments, "Export"), host.state.assumptions)


def information(host: Host, arguments: Arguments) -> dict[str, object]:
    """Return when a task ran last and how that ended."""
    task = _task(host, arguments, "Get", "Info")
    last = task.runs[-1] if task.runs else None
    running = folded(task.path + task.name) in host.running_tasks
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
                compile_query(host, xpath)
    except TaskXmlError as error:
        message = f"{xml_text(error.hresult, german=german)} {error.reason}"
        raise task_fault(error.hresult, command, message) from error
    except HostFault as fault:
        if fault.category == "NotImplemented":
            raise
        raise task_fault(fault.hresult, command, fault.message) from fault
    task = RegisteredTask(
        path=path, name=name, xml=xml, enabled=task_xml.setting(root, "Enabled") == "true"
    )
    if find_task(host.state.tasks, path, name) and not arguments.get("force"):
        message = system_errors.system_text(system_errors.ALREADY_EXISTS, german=german)
        raise task_fault(system_errors.ALREADY_EXISTS, command, message, category="ResourceExists")
    host.change(lambda state: replace(state, tasks=put_task(state.tasks, task)))
    return describe(host, task)


def unregister(host: Host, arguments: Arguments) -> None:
    """Take a task away."""
    path, name = _path(arguments.get("path")), str(arguments["name"])
    _require_elevation(host, "Unregister-ScheduledTask")
    gone = find_task(host.state.tasks, path, name)
    if gone is None:
        where = [("TaskName", name), ("TaskPath", path)]
        raise not_found("CmdletizationQuery_NotFound,Unregister-ScheduledTask", where)
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
        raise disabled(german=host.state.german)
    task_scheduler.run(host, task, {})


def _switch(host: Host, task: RegisteredTask, *, enabled: bool) -> dict[str, object]:
    _require_elevation(host, "Enable-ScheduledTask" if enabled else "Disable-ScheduledTask")

    def change_task(one: RegisteredTask) -> RegisteredTask:
        return (
            replace(one, enabled=enabled) if (one.path, one.name) == (task.path, task.name) else one
        )

    host.change(lambda state: replace(state, tasks=tuple(map(change_task, state.tasks))))
    return describe(host, replace(task, enabled=enabled))


def _task(host: Host, arguments: Arguments, verb: str, noun: str = "") -> RegisteredTask:
    path, name = _path(arguments.get("path")), str(arguments["name"])
    found = find_task(_visible(host), path, name)
    if found is None:
        message = system_errors.system_text(system_errors.FILE_NOT_FOUND, german=host.state.german)
        command = f"{verb}-ScheduledTask{noun}"
        raise task_fault(system_errors.FILE_NOT_FOUND, command, message, category="ObjectNotFound")
    return found


def _visible(host: Host) -> tuple[RegisteredTask, ...]:
    state = host.state
    if state.facts.administers or not state.assumptions.task_hidden_from_unelevated:
        return state.tasks
    return tuple(one for one in state.tasks if not task_xml.runs_as_system(task_xml.parse(one.xml)))


def _require_elevation(host: Host, command: str) -> None:
    if not host.state.facts.administers:
        message = system_errors.system_text(system_errors.ACCESS_DENIED, german=host.state.german)
        raise task_fault(system_errors.ACCESS_DENIED, command, message, category="PermissionDenied")


def _path(value: object) -> str:
    words = str(value or "").strip("\\")
    return f"\\{words}\\" if words else "\\"


def _like(value: str, pattern: object) -> bool:
    return pattern is None or fnmatchcase(folded(value), folded(str(pattern)))


def _trigger(element: Element) -> dict[str, object]:
    return {
        "kind": f"MSFT_Task{element.tag}",
        "enabled": element.findtext("Enabled", "true").strip() == "true",
        "subscription": element.findtext("Subscription"),
    }


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
