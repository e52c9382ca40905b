"""The task that follows renewals on one host: read, registered, taken away, or what would be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psrebind.errors import HostError
from psrebind.operations.base import Change
from psrebind.operations.get_rebind_task import RebindTasks
from psrebind.operations.register_rebind_notification import (
    NotificationRegistration,
    RegisterRebindNotification,
)
from psrebind.operations.register_rebind_task import RegisterRebindTask, TaskRegistration
from psrebind.operations.runner import ScriptRunner
from psrebind.operations.unregister_rebind_notification import UnregisterRebindNotification
from psrebind.operations.unregister_rebind_task import UnregisterRebindTask
from psrebind.phrase import Phrase, describe_channel
from psrebind.rebind.options import TaskMethod
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.shared_templates import SharedTemplate, name_shared
from psrebind.rebind.task_reader import change_task, read_shared_templates, read_tasks
from psrebind.rebind.task_report import (
    PLACES,
    OtherTask,
    notification_differences,
    other_tasks,
    own_differences,
    own_task,
    task_differences,
)

PLANNED = "planned"
# Under these a script without a signature does not run (field notes A6).
_REFUSING_POLICIES = ("Restricted", "AllSigned")
_REGISTER: dict[TaskMethod, type[RegisterRebindTask | RegisterRebindNotification]] = {
    TaskMethod.APPCMD: RegisterRebindTask,
    TaskMethod.NOTIFICATION: RegisterRebindNotification,
}
_UNREGISTER: dict[TaskMethod, type[Change[Any]]] = {
    TaskMethod.APPCMD: UnregisterRebindTask,
    TaskMethod.NOTIFICATION: UnregisterRebindNotification,
}


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """What became of the task: changed, unchanged or skipped; ``planned`` in a dry run.

    ``differences`` are those that were found before; ``note`` is what stops nothing today.
    """

    host: str
    method: TaskMethod
    task: str
    outcome: str
    channel: str
    differences: tuple[str, ...] = ()
    others: tuple[OtherTask, ...] = ()
    reason: str | None = None
    note: Phrase | None = None


@dataclass(frozen=True)
class TaskResult:
    """What became of the task on one host, and the execution policy that its script meets.

    ``unread`` is why the tasks could not be read after a change that was made.
    """

    line: TaskLine
    policy: str = ""
    unread: HostError | None = None

    @property
    def ending(self) -> Outcome | int:
        """The outcome; an exit status for a plan, and where the tasks could not be read after."""
        if self.unread:
            return self.unread.exit_status
        return 0 if self.line.outcome == PLANNED else Outcome(self.line.outcome)

    @property
    def sentences(self) -> list[str]:
        """What a person should know beside the line."""
        line = self.line
        told: list[str] = [f"on the same event: {one}" for one in line.others]
        told += [line.note] if line.note else []
        if self.policy in _REFUSING_POLICIES:
            told.append(
                f"the execution policy {self.policy} does not let the task's script run: set "
                "RemoteSigned, or use --method appcmd, which needs no script"
            )
        if self.unread:
            told.append(f"{line.outcome}; the tasks could not be read after it: {self.unread}")
        return told


def enable_task(
    runner: ScriptRunner, method: TaskMethod, *, force: bool = False, dry_run: bool = False
) -> TaskResult:
    """Register the task and turn its log on, or say what would be done."""
    if dry_run:
        return TaskResult(_would_enable(runner, method, force=force))
    row, after, unread = change_task(runner, _REGISTER[method](force=force), method)
    channel = describe_channel(row.enabled_after)
    templates = read_shared_templates(runner, row.shared)
    line = _line(
        runner,
        method,
        outcome="skipped" if row.skipped else "changed" if row.changed else "unchanged",
        channel=channel if row.enabled_before == row.enabled_after else f"off → {channel}",
        after=after,
        differences=_differences_before(row),
        reason=_reason(templates) if row.skipped else None,
        note=_note(row, templates, skipped=row.skipped),
    )
    return TaskResult(line, getattr(row, "policy", ""), unread)


def _would_enable(runner: ScriptRunner, method: TaskMethod, *, force: bool) -> TaskLine:
    read = read_tasks(runner, method)
    tasks = read.found
    templates = read_shared_templates(runner, tasks.shared)
    mine = own_task(method, tasks.tasks)
    differences = own_differences(mine, read.notification) if mine else ("there is no task",)
    planned = "unchanged" if tasks.enabled and not differences else PLANNED
    danger = bool(tasks.shared) and tasks.autoenrollment and not force
    skipped = danger and planned != "unchanged"
    return _line(
        runner,
        method,
        outcome="skipped" if skipped else planned,
        channel=describe_channel(tasks.enabled),
        after=tasks,
        differences=differences,
        reason=_reason(templates) if skipped else None,
        note=_note(tasks, templates, skipped=skipped),
    )


def disable_task(runner: ScriptRunner, method: TaskMethod, *, dry_run: bool = False) -> TaskResult:
    """Take the task away, or say what would be done; a script without its task goes too."""
    unread: HostError | None = None
    after: RebindTasks | None
    if dry_run:
        read = read_tasks(runner, method)
        after = read.found
        script = read.notification and read.notification.handler
        there = own_task(method, after.tasks) or script is not None
        outcome = PLANNED if there else "unchanged"
    else:
        row, after, unread = change_task(runner, _UNREGISTER[method](), method)
        outcome = "changed" if row.changed else "unchanged"
    channel = describe_channel(after.enabled) if after else "not read"
    return TaskResult(
        _line(runner, method, outcome=outcome, channel=channel, after=after), unread=unread
    )


def _line(
    runner: ScriptRunner, method: TaskMethod, *, after: RebindTasks | None, **fields: Any
) -> TaskLine:
    others = other_tasks(method, after.tasks) if after else ()
    return TaskLine(
        host=runner.host, method=method, task="".join(PLACES[method]), others=others, **fields
    )


def _reason(templates: Iterable[SharedTemplate]) -> Phrase:
    return Phrase(name_shared(templates, enrolls=True), ", or use --force")


def _note(
    found: TaskRegistration | NotificationRegistration | RebindTasks,
    templates: Iterable[SharedTemplate],
    *,
    skipped: bool,
) -> Phrase | None:
    if not found.shared or skipped:
        return None
    return name_shared(templates, enrolls=found.autoenrollment)


def _differences_before(row: TaskRegistration | NotificationRegistration) -> tuple[str, ...]:
    """What was found that is not as psrebind registers it."""
    before = row.before
    if isinstance(before, str):
        return task_differences(before)
    if before is None or not before.state:
        return ("there was no task",)
    return notification_differences(before)
