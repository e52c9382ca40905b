"""The commands on the task that follows renewals: status, enable, disable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from psrebind.cli.consent import Consent
from psrebind.cli.options import Connection, Output, Since, Source, Target, Yes
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import Rows
from psrebind.cli.output.task import event_notice_row, report_row, task_row
from psrebind.cli.output.view import Ask
from psrebind.cli.run import Request, run_on_hosts
from psrebind.cli.times import parse_time
from psrebind.rebind.options import TaskMethod

if TYPE_CHECKING:
    from psrebind.fleet.summary import Ending
    from psrebind.rebind.task import TaskResult
    from psrebind.rebind.task_report import TaskReport

MethodName = Annotated[
    Literal["appcmd", "notification"],
    Option(
        "--method", help="The task that IIS Manager makes, or one of the PKI module with a script."
    ),
]


@dataclass(frozen=True, kw_only=True)
class TaskFlags(Source, Output):
    """Which task, and whether anything is changed."""

    method: MethodName = "appcmd"
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would be done; change nothing.")
    ] = False
    yes: Yes = False


def status(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    method: MethodName = "appcmd",
    since: Since = None,
) -> int:
    """Show the task that follows renewals, its log, and what became of each renewal in reach."""
    earliest = parse_time(since)
    request = Request(target, connection, source, output.format)
    return run_on_hosts(
        request, lambda fleet: fleet.task_report(TaskMethod(method), earliest), _show_report
    )


def _show_report(report: TaskReport, rows: Rows) -> int:
    if rows.form == "table":
        rows.show([report_row(report)])
        rows.show(report.notices, short=event_notice_row)
    else:
        rows.show([report])
    for reason in report.unreadable:
        tell(f"{rows.host}: an event could not be read: it {reason}")
    return report.exit_status


def enable(
    target: Target,
    flags: TaskFlags,
    connection: Connection,
    force: Annotated[
        bool, Option("--force", help="Even where bound certificates share a template.")
    ] = False,
) -> int:
    """Register the task that follows renewals, and turn its log on; run twice, it changes once."""
    method = TaskMethod(flags.method)
    return _change(
        target,
        connection,
        flags,
        lambda fleet: fleet.enable_task(method, force=force, dry_run=flags.dry_run),
        doing="enable the task on",
    )


def disable(target: Target, flags: TaskFlags, connection: Connection) -> int:
    """Take the task that follows renewals away; where there is none, nothing changes."""
    method = TaskMethod(flags.method)
    return _change(
        target,
        connection,
        flags,
        lambda fleet: fleet.disable_task(method, dry_run=flags.dry_run),
        doing="disable the task on",
    )


def _change(
    target: str, connection: Connection, flags: TaskFlags, ask: Ask[TaskResult], *, doing: str
) -> int:
    consent = None if flags.dry_run else Consent(doing, flags.yes)
    request = Request(target, connection, flags, flags.format)
    return run_on_hosts(request, ask, _show_result, consent=consent)


def _show_result(done: TaskResult, rows: Rows) -> Ending:
    rows.show([task_row(done.line) if rows.form == "table" else done.line])
    for sentence in done.sentences:
        tell(f"{done.line.host}: {sentence}")
    return done.ending
