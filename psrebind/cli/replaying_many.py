"""A replay on many hosts: each host's proposals, or what became of the rebinds."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass

from psrebind.cli.asking import Visit
from psrebind.cli.many import Asked, once_agreed, spread
from psrebind.cli.messages import tell
from psrebind.cli.rebind_lines import plan_lines, plan_row, result_lines, result_row
from psrebind.cli.rebind_report import tell_results
from psrebind.cli.rebinding_many import slim_plan
from psrebind.cli.replay_report import HOW, Looked, refused_lines, tell_proposals
from psrebind.cli.replaying import Done, Replaying, all_carried_out, looked
from psrebind.cli.rows import Rows
from psrebind.cli.tally import Ending
from psrebind.fleet.fleet import Fleet
from psrebind.rebind.outcome import exit_status


@dataclass(frozen=True)
class Replayed:
    """What became of one host."""

    found: Looked
    done: Done


def replay_many(fleet: Fleet, asked: Asked, manner: Replaying) -> int:
    """Show the rebinds that nothing followed, ask, and do them; give the exit status."""

    def propose(visit: Visit) -> Looked:
        return looked(visit, manner)

    def carry_out(visit: Visit) -> Replayed:
        found = looked(visit, manner)
        return Replayed(found, all_carried_out(visit, found.prepared, manner))

    if manner.yes and not manner.dry_run:
        return spread(fleet, asked, carry_out, _present_result)
    plans: dict[str, Looked] = {}

    def present(found: Looked, rows: Rows) -> Ending:
        if found.doable:
            plans[rows.host] = slim(found)
        return _present_plan(found, rows)

    asks = not manner.dry_run and sys.stdin.isatty()
    status = spread(fleet, asked, propose, present, aside=asks)
    if manner.dry_run and plans:
        tell(HOW)
    if manner.dry_run or not plans:
        return status

    def apply(visit: Visit) -> Replayed:
        found = plans.pop(visit.name)
        return Replayed(found, all_carried_out(visit, found.prepared, manner))

    def change(changing: Fleet) -> int:
        return spread(changing, asked, apply, _present_result)

    count = sum(found.bindings for found in plans.values())
    return once_agreed(fleet, plans, count, status, change)


def slim(found: Looked) -> Looked:
    """What waits for consent, without what it was made from: every certificate of the host."""
    return dataclasses.replace(found, prepared=tuple(slim_plan(one) for one in found.prepared))


def _present_plan(found: Looked, rows: Rows) -> Ending:
    lines = [line for one in found.prepared for line in plan_lines(one)]
    rows.show([*lines, *refused_lines(rows.host, found.proposals)], short=plan_row)
    tell_proposals(rows.host, found, dry_run=True)
    return exit_status([*found.statuses, *(one.exit_status for one in found.prepared)])


def _present_result(replayed: Replayed, rows: Rows) -> Ending:
    found, done = replayed.found, replayed.done
    lines = [line for one in done.applied for line in result_lines(one)]
    rows.show([*lines, *refused_lines(rows.host, found.proposals)], short=result_row)
    tell_proposals(rows.host, found, dry_run=False)
    tell_results(rows.host, done.applied, command=f"psrebind rebind {rows.host}")
    if done.error:
        tell(f"{rows.host}: {done.error}")
    return exit_status([*found.statuses, *done.statuses])
