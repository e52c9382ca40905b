"""The Task Scheduler: which tasks an event starts, and how they run.

A task runs in the call that wrote its event. What was written before a task was registered never
starts it: nothing is replayed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

from psrebind.lab.windows import event_xpath, rebind_script, task_xml
from psrebind.lab.windows.event_channels import Event
from psrebind.lab.windows.event_log import compile_query
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.programs import program_name
from psrebind.lab.windows.state import HostState
from psrebind.lab.windows.system_errors import FILE_NOT_FOUND
from psrebind.lab.windows.task_xml import RegisteredTask, TaskRun

# How many runs a task remembers.
KEPT_RUNS = 20
FAILED = 1
ENVIRONMENT = {"systemroot": r"C:\Windows", "windir": r"C:\Windows", "systemdrive": "C:"}
_VARIABLE = re.compile(r"\$\((\w+)\)")
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')


def start_tasks(host: Host, event: Event, *, channel: str, tasks: Sequence[RegisteredTask]) -> None:
    """Run each of the tasks that waits for a newly written event."""
    tree = event_xpath.parse_event(event.xml)
    for task in tasks:
        if not task.enabled:
            continue
        for trigger in task_xml.event_triggers(task_xml.parse(task.xml)):
            if trigger.enabled and wants_event(
                host, trigger.subscription, channel=channel, event=tree
            ):
                values = {
                    name: event_xpath.value_of(tree, path) for name, path in trigger.values.items()
                }
                run(host, task, values, record_id=event.record_id)


def wants_event(host: Host, subscription: str, *, channel: str, event: Element) -> bool:
    """Tell whether a subscription wants an event: selected, and not suppressed."""
    found = [
        selecting
        for selecting, path, xpath in task_xml.selects(subscription)
        if path.casefold() == channel.casefold() and compile_query(host, xpath)(event, host.now())
    ]
    return bool(found) and all(found)


def run(
    host: Host,
    task: RegisteredTask,
    values: Mapping[str, str | None],
    *,
    record_id: int | None = None,
) -> TaskRun:
    """Run a task's actions as its account, and keep how that ended."""
    key = folded(task.path + task.name)
    with host.task_runs:
        started = host.now()
        host.running_tasks.add(key)
        try:
            keep = host.state.assumptions.task_missing_value_stays_as_written
            lines: list[str] = []
            result, output = FAILED, tuple[str, ...]()
            for command, arguments in task_xml.programs_of(task_xml.parse(task.xml)):
                words = _substituted(arguments, values, keep)
                lines.append(f"{command} {words}".strip())
                result, output = _act(host, command, words)
        finally:
            host.running_tasks.discard(key)
        done = TaskRun(
            time=started,
            record_id=record_id,
            line=" && ".join(lines),
            result=result,
            output=output,
        )
        host.change(_remembering(key, done))
    return done


def find_task(tasks: Sequence[RegisteredTask], path: str, name: str) -> RegisteredTask | None:
    """Return a task by its path and name, without case."""
    wanted = folded(path + name)
    return next((one for one in tasks if folded(one.path + one.name) == wanted), None)


def put_task(tasks: Sequence[RegisteredTask], task: RegisteredTask) -> tuple[RegisteredTask, ...]:
    """Return the tasks with one added, or replaced in its place."""
    known = find_task(tasks, task.path, task.name)
    return tuple(task if one is known else one for one in tasks) + ((task,) * (known is None))


def _act(host: Host, command: str, arguments: str) -> tuple[int, tuple[str, ...]]:
    program = re.sub(
        "%([^%]+)%", lambda name: ENVIRONMENT.get(name[1].casefold(), name[0]), command.strip('"')
    )
    if program_name(program) in ("powershell", "pwsh", "cmd"):
        appcmd = rebind_script.appcmd_line(host, arguments)
        if appcmd is None:
            # The lab's Task Scheduler has no shell: the script's absence is what its result says.
            return FAILED, (f"The lab runs no scripts in tasks: {program} {arguments}",)
        return _act(host, *appcmd)
    words = [word.replace('"', "") for word in _WORD.findall(arguments)]
    try:
        done = host.as_system().call("native", {"program": program, "arguments": words})
    except HostFault as fault:
        missing = fault.category == "ObjectNotFound"
        return FILE_NOT_FOUND if missing else FAILED, (fault.message,)
    return int(done["exit"]) & 0xFFFFFFFF, tuple(str(line) for line in done["output"])


def _substituted(arguments: str, values: Mapping[str, str | None], keep: bool) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        return found if found is not None else match[0] if keep else ""

    return _VARIABLE.sub(value, arguments)


def _remembering(key: str, done: TaskRun) -> Callable[[HostState], HostState]:
    def change(state: HostState) -> HostState:
        tasks = tuple(
            replace(one, runs=(*one.runs, done)[-KEPT_RUNS:])
            if folded(one.path + one.name) == key
            else one
            for one in state.tasks
        )
        return replace(state, tasks=tasks)

    return change
