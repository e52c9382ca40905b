"""The command replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind import rebind as rebinds
from psrebind.cli.options import BeforeFolder, Connection, Since, Target, Yes
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rebind import plan_row, result_row
from psrebind.cli.output.rows import Rows
from psrebind.cli.run import PlannedChange, Request, change_hosts
from psrebind.cli.times import parse_time
from psrebind.rebind.options import RebindOptions

if TYPE_CHECKING:
    from psrebind.fleet.summary import Ending
    from psrebind.rebind.host_plan import HostPlan, HostResult

_HOW = "the same with --yes does it"


@dataclass(frozen=True, kw_only=True)
class ReplayFlags(BeforeFolder):
    """Which renewals, and whether anything is done."""

    since: Since = None
    dry_run: Annotated[bool, Option("--dry-run", help="Show the plans and change nothing.")] = False
    yes: Yes = False


def replay(target: Target, flags: ReplayFlags, connection: Connection) -> int:
    """Find renewals whose old certificate is still bound, and do the rebinds."""
    since = parse_time(flags.since)
    options = RebindOptions(before_folder=flags.before_folder)
    request = Request(target, connection, flags, flags.format)
    chosen = request.read()
    something = False

    def show_plan(plan: HostPlan, rows: Rows) -> Ending:
        nonlocal something
        something = something or plan.has_steps
        rows.show(rebinds.plan_lines(plan), short=plan_row)
        # A plan that is all that was asked for says that nothing was changed.
        _tell_plan(plan, rows, dry_run=not rows.is_aside)
        if rows.single and flags.dry_run and plan.has_steps:
            tell(f"{rows.host}: {_HOW}")
        return plan.exit_status

    def show_result(result: HostResult, rows: Rows) -> Ending:
        rows.show(rebinds.result_lines(result), short=result_row)
        if not rows.single:
            _tell_plan(result.plan, rows, dry_run=False)
        command = f"psrebind rebind {rows.host}"
        for sentence in rebinds.result_sentences(result, command=command):
            tell(f"{rows.host}: {sentence}")
        return result.ending

    change = PlannedChange(
        plan=lambda fleet: fleet.plan_replay(since, options),
        at_once=lambda fleet, on_plan: fleet.replay(since, options, on_plan=on_plan),
        options=options,
        show_plan=show_plan,
        show_result=show_result,
        dry_run=flags.dry_run,
        yes=flags.yes,
    )
    status = change_hosts(request, chosen, change)
    if not chosen.single and flags.dry_run and something:
        tell(_HOW)
    return status


def _tell_plan(plan: HostPlan, rows: Rows, *, dry_run: bool) -> None:
    if not rows.single and not plan.candidates:
        return
    for sentence in rebinds.plan_sentences(plan, dry_run=dry_run):
        tell(f"{rows.host}: {sentence}")
