"""A replay on many hosts: each host's proposals, or what became of the rebinds."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.cli.asking import Visit
from psrebind.cli.many import Asked, spread
from psrebind.cli.messages import tell
from psrebind.cli.rebind_lines import plan_lines, plan_row, result_lines, result_row
from psrebind.cli.rebind_report import tell_result
from psrebind.cli.rebinding import carried_out
from psrebind.cli.replay_report import HOW, Looked, refused_lines, tell_proposals
from psrebind.cli.replaying import Replaying, looked
from psrebind.cli.rows import Rows
from psrebind.cli.tally import Ending
from psrebind.errors import PsrebindError
from psrebind.fleet.fleet import Fleet
from psrebind.rebind.outcome import exit_status
from psrebind.rebind.run import Applied


@dataclass(frozen=True)
class Replayed:
    """What became of one host; ``error`` is what ended it before its last rebind."""

    found: Looked
    applied: list[Applied]
    error: PsrebindError | None = None


def replay_many(fleet: Fleet, asked: Asked, manner: Replaying) -> int:
    """Show or do the rebinds that nothing followed; give the exit status."""

    def propose(visit: Visit) -> Looked:
        return looked(visit, manner)

    def carry_out(visit: Visit) -> Replayed:
        found = looked(visit, manner)
        applied: list[Applied] = []
        for one in found.prepared:
            try:
                applied.append(carried_out(visit, one, manner))
            except PsrebindError as error:
                if not applied:
                    raise
                # What is known of the earlier ones must be seen.
                return Replayed(found, applied, error)
        return Replayed(found, applied)

    if manner.yes:
        return spread(fleet, asked, carry_out, _present_result)
    doable: list[str] = []

    def present(found: Looked, rows: Rows) -> Ending:
        doable.extend([rows.host] if found.doable else [])
        return _present_plan(found, rows)

    status = spread(fleet, asked, propose, present)
    if doable:
        tell(HOW)
    return status


def _present_plan(found: Looked, rows: Rows) -> Ending:
    lines = [line for one in found.prepared for line in plan_lines(one)]
    rows.show([*lines, *refused_lines(rows.host, found.proposals)], short=plan_row)
    tell_proposals(rows.host, found, dry_run=True)
    return exit_status([*found.statuses, *(one.exit_status for one in found.prepared)])


def _present_result(replayed: Replayed, rows: Rows) -> Ending:
    found = replayed.found
    lines = [line for one in replayed.applied for line in result_lines(one)]
    rows.show([*lines, *refused_lines(rows.host, found.proposals)], short=result_row)
    tell_proposals(rows.host, found, dry_run=False)
    statuses = [*found.statuses, *(one.exit_status for one in replayed.applied)]
    for one in replayed.applied:
        tell_result(one, command=f"psrebind rebind {rows.host}")
    if replayed.error:
        tell(f"{rows.host}: {replayed.error}")
        statuses.append(replayed.error.exit_status)
    return exit_status(statuses)
