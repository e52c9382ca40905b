"""The commands on the task that follows renewals: status, enable, disable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source, Yes

if TYPE_CHECKING:
    from collections.abc import Callable

    from psrebind.cli.asking import Visit
    from psrebind.cli.rows import Rows
    from psrebind.cli.tally import Ending
    from psrebind.cli.task_lines import Registered, TaskLine
    from psrebind.operations.base import Operation
    from psrebind.operations.get_rebind_task import RebindTasks
    from psrebind.rebind.task_report import TaskMethod, TaskReport

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
    yes: Yes = False


def status(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    method: Method = "appcmd",
) -> int:
    """Show the task that follows renewals, its log, and what became of each renewal in reach."""
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.cli.task_status import read_report
    from psrebind.rebind.task_report import TaskMethod

    def read(visit: Visit) -> TaskReport:
        return read_report(visit, TaskMethod(method))

    return on_hosts(Asked(target, connection, source, output.format), read, _report)


def _report(report: TaskReport, rows: Rows) -> int:
    from psrebind.cli.messages import tell
    from psrebind.cli.task_lines import notice_row, report_row

    if rows.form == "table":
        rows.show([report_row(report)])
        rows.show(report.notices, short=notice_row)
    else:
        rows.show([report])
    for reason in report.unreadable:
        tell(f"{rows.host}: an event could not be read: it {reason}")
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
    from psrebind.cli.task_lines import Registered
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

    def register(visit: Visit) -> Registered:
        *done, tasks = _answers(visit, asked)
        if not done:
            return Registered(_would_enable(visit.name, method, tasks, force=force))
        policy = getattr(done[0], "policy", "")
        return Registered(_enabled(visit.name, method, done[0], tasks), policy)

    return _carried_out(target, connection, way, register, doing="enable the task on")


def disable(target: Target, way: Way, connection: Connection) -> int:
    """Take the task that follows renewals away; where there is none, nothing changes."""
    from psrebind.cli.task_lines import Registered
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

    def unregister(visit: Visit) -> Registered:
        *done, tasks = _answers(visit, asked)
        changed = done[0].changed if done else None
        return Registered(_disabled(visit.name, method, changed, tasks))

    return _carried_out(target, connection, way, unregister, doing="disable the task on")


def _carried_out(
    target: str,
    connection: Connection,
    way: Way,
    work: Callable[[Visit], Registered],
    *,
    doing: str,
) -> int:
    from psrebind.cli.many import Asked, Consent, on_hosts

    asked = Asked(target, connection, way, way.format)
    consent = None if way.dry_run else Consent(doing, way.yes)
    return on_hosts(asked, work, _present, consent=consent)


def _answers(visit: Visit, asked: list[Operation[Any]]) -> list[Any]:
    """The one row of each operation, from one pipeline; raises what any of them met."""
    from psrebind.cli.asking import advised

    reply = visit.ask(asked)
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


def _present(done: Registered, rows: Rows) -> Ending:
    """Print the outcome, and beside it what a person should know."""
    from psrebind.cli.messages import tell
    from psrebind.cli.task_lines import other_words, policy_sentence, task_line_row
    from psrebind.rebind.outcome import Outcome

    line = done.line
    rows.show([task_line_row(line) if rows.form == "table" else line])
    for other in line.others:
        tell(f"{line.host}: on the same event: {other_words(other)}")
    if sentence := policy_sentence(done.policy):
        tell(f"{line.host}: {sentence}")
    return 0 if line.outcome == "planned" else Outcome(line.outcome)
