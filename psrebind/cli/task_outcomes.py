"""What became of the task that follows renewals on one host, done or planned. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from psrebind.cli.phrases import Phrase
from psrebind.cli.task_lines import TaskLine, channel_words, shared_note, shared_reason, task_name
from psrebind.errors import HostError
from psrebind.operations.get_rebind_task import RebindTasks
from psrebind.operations.register_rebind_notification import NotificationRegistration
from psrebind.operations.register_rebind_task import TaskRegistration
from psrebind.operations.unregister_rebind_notification import NotificationRemoval
from psrebind.operations.unregister_rebind_task import TaskRemoval
from psrebind.rebind.shared_templates import SharedTemplate
from psrebind.rebind.task_report import (
    TaskMethod,
    Tasks,
    notification_differences,
    other_tasks,
    own_differences,
    own_task,
    task_differences,
)

NOT_READ = "not read"


@dataclass(frozen=True)
class Registered:
    """What became of the task on one host, and the execution policy that its script meets.

    ``unread`` is why the tasks could not be read after a change that was made.
    """

    line: TaskLine
    policy: str = ""
    unread: HostError | None = None


def enabled(
    host: str,
    method: TaskMethod,
    row: TaskRegistration | NotificationRegistration,
    after: RebindTasks | None,
    templates: Iterable[SharedTemplate] = (),
) -> TaskLine:
    """What enabling did; ``after`` is None where it could not be read."""
    channel = channel_words(row.enabled_after)
    return TaskLine(
        host=host,
        method=method,
        task=task_name(method),
        outcome="skipped" if row.skipped else "changed" if row.changed else "unchanged",
        channel=channel if row.enabled_before == row.enabled_after else f"off → {channel}",
        differences=_before(row),
        others=other_tasks(method, after.tasks) if after else (),
        reason=shared_reason(templates) if row.skipped else None,
        note=_note(row, templates, skipped=row.skipped),
    )


def would_enable(
    host: str,
    method: TaskMethod,
    read: Tasks,
    *,
    force: bool,
    templates: Iterable[SharedTemplate] = (),
) -> TaskLine:
    """What enabling would do."""
    tasks = read.found
    mine = own_task(method, tasks.tasks)
    differences = own_differences(mine, read.notification) if mine else ("there is no task",)
    planned = "unchanged" if tasks.enabled and not differences else "planned"
    danger = bool(tasks.shared) and tasks.autoenrollment and not force
    skipped = danger and planned != "unchanged"
    return TaskLine(
        host=host,
        method=method,
        task=task_name(method),
        outcome="skipped" if skipped else planned,
        channel=channel_words(tasks.enabled),
        differences=differences,
        others=other_tasks(method, tasks.tasks),
        reason=shared_reason(templates) if skipped else None,
        note=_note(tasks, templates, skipped=skipped),
    )


def disabled(
    host: str, method: TaskMethod, row: TaskRemoval | NotificationRemoval, after: RebindTasks | None
) -> TaskLine:
    """What disabling did; ``after`` is None where it could not be read."""
    return _away(host, method, "changed" if row.changed else "unchanged", after)


def would_disable(host: str, method: TaskMethod, read: Tasks) -> TaskLine:
    """What disabling would do; a script without its task goes too."""
    script = read.notification and read.notification.handler
    there = own_task(method, read.found.tasks) or script is not None
    return _away(host, method, "planned" if there else "unchanged", read.found)


def _away(host: str, method: TaskMethod, outcome: str, tasks: RebindTasks | None) -> TaskLine:
    return TaskLine(
        host=host,
        method=method,
        task=task_name(method),
        outcome=outcome,
        channel=channel_words(tasks.enabled) if tasks else NOT_READ,
        others=other_tasks(method, tasks.tasks) if tasks else (),
    )


def _note(
    found: TaskRegistration | NotificationRegistration | RebindTasks,
    templates: Iterable[SharedTemplate],
    *,
    skipped: bool,
) -> Phrase | None:
    if not found.shared or skipped:
        return None
    return shared_note(templates, enrolls=found.autoenrollment)


def _before(row: TaskRegistration | NotificationRegistration) -> tuple[str, ...]:
    """What was found that is not as psrebind registers it."""
    before = row.before
    if isinstance(before, str):
        return task_differences(before)
    if before is None or not before.state:
        return ("there was no task",)
    return notification_differences(before)
