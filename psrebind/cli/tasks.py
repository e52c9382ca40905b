"""The commands on the task that follows renewals: status, enable, disable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

from psrebind.cli.events import Since
from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source, Yes

if TYPE_CHECKING:
    from collections.abc import Callable

    from psrebind.cli.asking import Visit
    from psrebind.cli.rows import Rows
    from psrebind.cli.tally import Ending
    from psrebind.cli.task_outcomes import Registered
    from psrebind.errors import HostError
    from psrebind.operations.base import Operation
    from psrebind.operations.get_rebind_task import RebindTasks
    from psrebind.rebind.task_report import TaskMethod, TaskReport, Tasks

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
    since: Since = None,
) -> int:
    """Show the task that follows renewals, its log, and what became of each renewal in reach."""
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.cli.moments import moment
    from psrebind.cli.task_status import read_report
    from psrebind.rebind.task_report import TaskMethod

    earliest = moment(since)

    def read(visit: Visit) -> TaskReport:
        return read_report(visit, TaskMethod(method), since=earliest)

    return on_hosts(Asked(target, connection, source, output.format), read, _report)


def _report(report: TaskReport, rows: Rows) -> int:
    from psrebind.cli.event_lines import unreadable_sentence
    from psrebind.cli.messages import tell
    from psrebind.cli.task_lines import notice_row, report_row

    if rows.form == "table":
        rows.show([report_row(report)])
        rows.show(report.notices, short=notice_row)
    else:
        rows.show([report])
    for reason in report.unreadable:
        tell(f"{rows.host}: {unreadable_sentence(reason)}")
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
    from psrebind.cli.task_outcomes import Registered, enabled, would_enable
    from psrebind.cli.task_status import templates_of
    from psrebind.operations.register_rebind_notification import RegisterRebindNotification
    from psrebind.operations.register_rebind_task import RegisterRebindTask
    from psrebind.rebind.task_report import TaskMethod

    method = TaskMethod(way.method)
    appcmd = method is TaskMethod.APPCMD
    kind = RegisterRebindTask if appcmd else RegisterRebindNotification

    def register(visit: Visit) -> Registered:
        if way.dry_run:
            found = _looked(visit, method)
            templates = templates_of(visit, found.found.shared)
            line = would_enable(visit.name, method, found, force=force, templates=templates)
            return Registered(line)
        row, tasks, unread = _changed(visit, kind(force=force), method)
        templates = templates_of(visit, row.shared)
        line = enabled(visit.name, method, row, tasks, templates)
        return Registered(line, getattr(row, "policy", ""), unread)

    return _carried_out(target, connection, way, register, doing="enable the task on")


def disable(target: Target, way: Way, connection: Connection) -> int:
    """Take the task that follows renewals away; where there is none, nothing changes."""
    from psrebind.cli.task_outcomes import Registered, disabled, would_disable
    from psrebind.operations.unregister_rebind_notification import UnregisterRebindNotification
    from psrebind.operations.unregister_rebind_task import UnregisterRebindTask
    from psrebind.rebind.task_report import TaskMethod

    method = TaskMethod(way.method)
    appcmd = method is TaskMethod.APPCMD
    kind = UnregisterRebindTask if appcmd else UnregisterRebindNotification

    def unregister(visit: Visit) -> Registered:
        if way.dry_run:
            return Registered(would_disable(visit.name, method, _looked(visit, method)))
        row, tasks, unread = _changed(visit, kind(), method)
        return Registered(disabled(visit.name, method, row, tasks), unread=unread)

    return _carried_out(target, connection, way, unregister, doing="disable the task on")


def _carried_out(
    target: str,
    connection: Connection,
    way: Way,
    work: Callable[[Visit], Registered],
    *,
    doing: str,
) -> int:
    from psrebind.cli.consent import Consent
    from psrebind.cli.many import Asked, on_hosts

    asked = Asked(target, connection, way, way.format)
    consent = None if way.dry_run else Consent(doing, way.yes)
    return on_hosts(asked, work, _present, consent=consent)


def _looked(visit: Visit, method: TaskMethod) -> Tasks:
    from psrebind.cli.task_status import looking, tasks_of

    asked = looking(method)
    return tasks_of(asked, visit.ask(asked).bodies)


def _changed(
    visit: Visit, change: Operation[Any], method: TaskMethod
) -> tuple[Any, RebindTasks | None, HostError | None]:
    """What a change says, and the tasks after it, of one pipeline; or why these are not known.

    What was done must be seen, even where reading after it fails.
    """
    from psrebind.cli.asking import advised
    from psrebind.cli.task_status import tasks_of
    from psrebind.errors import HostError
    from psrebind.rebind.task_report import question

    reading = question(method)
    done, *rest = visit.ask([change, reading]).bodies
    with advised():
        row = change.row(done)
    try:
        return row, tasks_of([reading], rest).found, None
    except HostError as error:
        return row, None, error


def _present(done: Registered, rows: Rows) -> Ending:
    """Print the outcome, and beside it what a person should know."""
    from psrebind.cli.messages import tell
    from psrebind.cli.task_lines import other_words, policy_sentence, task_line_row
    from psrebind.rebind.outcome import Outcome

    line = done.line
    rows.show([task_line_row(line) if rows.form == "table" else line])
    for other in line.others:
        tell(f"{line.host}: on the same event: {other_words(other)}")
    if line.note:
        tell(f"{line.host}: {line.note}")
    if sentence := policy_sentence(done.policy):
        tell(f"{line.host}: {sentence}")
    if done.unread:
        tell(f"{line.host}: {line.outcome}; the tasks could not be read after it: {done.unread}")
        return done.unread.exit_status
    return 0 if line.outcome == "planned" else Outcome(line.outcome)
