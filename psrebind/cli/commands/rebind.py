"""The command rebind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from psrebind import rebind as rebinds
from psrebind.cli.consent import name_hosts, require_answer
from psrebind.cli.options import BeforeFolder, Connection, Target, Yes
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rebind import plan_row, result_row
from psrebind.cli.output.rows import Rows
from psrebind.cli.run import PlannedChange, Request, change_hosts
from psrebind.errors import InvalidInput
from psrebind.rebind.options import Method, RebindOptions
from psrebind.rebind.outcome import exit_status

if TYPE_CHECKING:
    from psrebind.fleet.summary import Ending
    from psrebind.rebind.host_plan import HostPlan, HostResult


@dataclass(frozen=True, kw_only=True)
class RebindFlags(BeforeFolder):
    """How a rebind is done."""

    dry_run: Annotated[bool, Option("--dry-run", help="Show the plan and change nothing.")] = False
    yes: Yes = False
    method: Annotated[
        Literal["binding", "appcmd"], Option(help="Binding by binding, or as Windows' own task.")
    ] = "binding"


def rebind(
    target: Target,
    old: Annotated[str, Option(metavar="THUMBPRINT", help="The certificate to replace.")],
    new: Annotated[str, Option(metavar="THUMBPRINT", help="The one to put in its place.")],
    connection: Connection,
    flags: RebindFlags,
) -> int:
    """Replace a certificate on the IIS bindings of hosts that have it, and check by handshake."""
    rebinds.TypedRenewal.of(old, new)
    request = Request(target, connection, flags, flags.format)
    chosen = request.read()
    require_answer(f"rebind on {name_hosts(chosen.fleet)}", yes=flags.yes or flags.dry_run)
    options = RebindOptions(method=Method(flags.method), before_folder=flags.before_folder)
    summary = rebinds.RebindSummary()

    def show_plan(plan: HostPlan, rows: Rows) -> Ending:
        summary.add_plan(plan)
        if rows.single and summary.complaint:
            raise InvalidInput(summary.complaint)
        rows.show(rebinds.plan_lines(plan), short=plan_row)
        sum_up = rows.single
        for sentence in rebinds.plan_sentences(plan, dry_run=flags.dry_run, sum_up=sum_up):
            tell(f"{rows.host}: {sentence}")
        return plan.exit_status

    def show_result(result: HostResult, rows: Rows) -> Ending:
        summary.add_plan(result.plan)
        summary.add_result(result)
        rows.show(rebinds.result_lines(result), short=result_row)
        # Of many hosts only what a person is needed for.
        if rows.single or result.exit_status:
            command = "the same command" if rows.single else None
            for sentence in rebinds.result_sentences(result, command=command):
                tell(f"{rows.host}: {sentence}")
        return result.ending

    change = PlannedChange(
        plan=lambda fleet: fleet.plan_rebind(old, new, options),
        at_once=lambda fleet, on_plan: fleet.rebind(old, new, options, on_plan=on_plan),
        options=options,
        show_plan=show_plan,
        show_result=show_result,
        dry_run=flags.dry_run,
        yes=flags.yes,
    )
    status = change_hosts(request, chosen, change)
    if chosen.single:
        return status
    for sentence in summary.sentences(flags.before_folder):
        tell(sentence)
    if summary.complaint:
        tell(summary.complaint)
        return exit_status([status, InvalidInput.exit_status])
    return status
