"""The commands on the task that follows renewals: status, enable, disable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source

if TYPE_CHECKING:
    from psrebind.cli.task_lines import TaskLine
    from psrebind.operations.base import Operation
    from psrebind.operations.get_rebind_task import RebindTasks
    from psrebind.rebind.task_report import TaskMethod

NEEDS_PERSON = 3
Method = Annotated[
    Literal["appcmd", "notification"],
    Option(help="The task that IIS Manager makes, or one of the PKI module with a script."),
]


@dataclass(frozen=True, kw_only=True)
class Way(Source, Output):
    """Which task, and whether anything is changed."""

    method: Method = "appcmd"
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would be done; change nothing.")
    ] = False


def status(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    method: Method = "appcmd",
) -> int:
    """Show the task that follows renewals, its log, and what became of each renewal in reach."""
    from psrebind.cli.messages import tell
    from psrebind.cli.output import show
    from psrebind.cli.task_lines import notice_row, report_row
    from psrebind.cli.task_status import read_report
    from psrebind.rebind.task_report import TaskMethod

    report = read_report(target, connection, source, TaskMethod(method))
    if output.format == "table":
        show([report_row(report)], "table")
        show(report.notices, "table", short=notice_row)
    else:
        show([report], output.format)
    for reason in report.unreadable:
        tell(f"{target}: an event could not be read: it {reason}")
    return NEEDS_PERSON if report.needs_person else 0


def enable(
    target: Target,
    way: Way,
    connection: Connection,
    force: Annotated[
        bool, Option("--force", help="Even where bound certificates share a template.")
    ] = False,
) -> int:
    """Register the task that follows renewals, and turn its log on; run twice, it changes once."""
    from psrebind.operations.get_rebind_task import GetRebindTask
    from psrebind.operations.register_rebind_notification import RegisterRebindNotification
    from psrebind.operations.register_rebind_task import RegisterRebindTask
    from psrebind.rebind.task_report import TaskMethod

    method = TaskMethod(way.method)
    reading = GetRebindTask()
    change: RegisterRebindTask | RegisterRebindNotification
    if method is TaskMethod.APPCMD:
        change = RegisterRebindTask(force=force)
    else:
        change = RegisterRebindNotification(force=force)
    asked: list[Operation[Any]] = [reading] if way.dry_run else [change, reading]
    *done, tasks = _answers(target, connection, way, asked)
    line = _enabled(target, method, done[0], tasks) if done else None
    line = line or _would_enable(target, method, tasks, force=force)
    _show(line, way, policy=getattr(done[0], "policy", "") if done else "")
    return NEEDS_PERSON if line.outcome == "skipped" else 0


def disable(target: Target, way: Way, connection: Connection) -> int:
    """Take the task that follows renewals away; where there is none, nothing changes."""
    from psrebind.operations.get_rebind_task import GetRebindTask
    from psrebind.operations.unregister_rebind_notification import UnregisterRebindNotification
    from psrebind.operations.unregister_rebind_task import UnregisterRebindTask
    from psrebind.rebind.task_report import TaskMethod

    method = TaskMethod(way.method)
    reading = GetRebindTask()
    change: UnregisterRebindTask | UnregisterRebindNotification
    appcmd = method is TaskMethod.APPCMD
    change = UnregisterRebindTask() if appcmd else UnregisterRebindNotification()
    asked: list[Operation[Any]] = [reading] if way.dry_run else [change, reading]
    *done, tasks = _answers(target, connection, way, asked)
    line = _disabled(target, method, done[0].changed if done else None, tasks)
    _show(line, way)
    return 0


def _answers(
    target: str, connection: Connection, way: Way, asked: list[Operation[Any]]
) -> list[Any]:
    """The one row of each operation, from one pipeline; raises what any of them met."""
    from psrebind.cli.asking import advised, ask
    from psrebind.cli.opening import library

    reply = ask(target, connection, asked, library=library(way))
    with advised():
        return [one.rows(body)[0] for one, body in zip(asked, reply.bodies, strict=True)]


def _enabled(target: str, method: TaskMethod, row: Any, tasks: RebindTasks) -> TaskLine:
    from psrebind.cli.task_lines import TaskLine, channel_words, shared_reason, task_name
    from psrebind.rebind.task_report import other_tasks

    outcome = "skipped" if row.skipped else "changed" if row.changed else "unchanged"
    channel = channel_words(row.enabled_after)
    return TaskLine(
        host=target,
        method=method,
        task=task_name(method),
        outcome=outcome,
        channel=channel if row.enabled_before == row.enabled_after else f"off → {channel}",
        differences=_before(method, row),
        others=other_tasks(method, tasks.tasks),
        reason=shared_reason(row.shared) if row.skipped else None,
    )


def _before(method: TaskMethod, row: Any) -> tuple[str, ...]:
    """What was found that is not as psrebind registers it."""
    from psrebind.rebind.task_report import TaskMethod, task_differences

    if method is TaskMethod.APPCMD:
        return task_differences(method, row.before) if row.before else ("there was no task",)
    if not row.before.state:
        return ("there was no task",)
    found = [] if row.before.handler == row.after.handler else ["its script was another"]
    found += [] if row.before.waiting else ["it did not wait for replaced certificates"]
    found += [] if row.before.state != "Disabled" else ["it was disabled"]
    same = row.before.arguments == row.after.arguments
    return (*found, *([] if same else [f"its arguments were '{row.before.arguments}'"]))


def _would_enable(target: str, method: TaskMethod, tasks: RebindTasks, *, force: bool) -> TaskLine:
    from psrebind.cli.task_lines import TaskLine, channel_words, shared_reason, task_name
    from psrebind.rebind.task_report import PLACES, other_tasks, task_differences

    mine = [one for one in tasks.tasks if (one.path, one.name) == PLACES[method]]
    found = task_differences(method, mine[0].xml) if mine else ("there is no task",)
    skipped = bool(tasks.shared) and not force
    outcome = "skipped" if skipped else "unchanged" if tasks.enabled and not found else "planned"
    return TaskLine(
        host=target,
        method=method,
        task=task_name(method),
        outcome=outcome,
        channel=channel_words(tasks.enabled),
        differences=found,
        others=other_tasks(method, tasks.tasks),
        reason=shared_reason(tasks.shared) if skipped else None,
    )


def _disabled(
    target: str, method: TaskMethod, changed: bool | None, tasks: RebindTasks
) -> TaskLine:
    from psrebind.cli.task_lines import TaskLine, channel_words, task_name
    from psrebind.rebind.task_report import PLACES, other_tasks

    there = any((one.path, one.name) == PLACES[method] for one in tasks.tasks)
    outcome = "changed" if changed else "planned" if changed is None and there else "unchanged"
    return TaskLine(
        host=target,
        method=method,
        task=task_name(method),
        outcome=outcome,
        channel=channel_words(tasks.enabled),
        others=other_tasks(method, tasks.tasks),
    )


def _show(line: TaskLine, way: Way, *, policy: str = "") -> None:
    """Print the outcome, and beside it what a person should know."""
    from psrebind.cli.messages import tell
    from psrebind.cli.output import show
    from psrebind.cli.task_lines import other_words, policy_sentence, task_line_row

    show([task_line_row(line) if way.format == "table" else line], way.format)
    for other in line.others:
        tell(f"{line.host}: on the same event: {other_words(other)}")
    if sentence := policy_sentence(policy):
        tell(f"{line.host}: {sentence}")
