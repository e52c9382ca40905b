"""A replay on many hosts: each host's proposals, or what became of the rebinds."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.cli.asking import Visit
from psrebind.cli.many import Asked, spread
from psrebind.cli.messages import tell
from psrebind.cli.rebind_lines import RebindLine, plan_lines, plan_row, result_lines, result_row
from psrebind.cli.rebind_report import tell_notes, tell_result
from psrebind.cli.rebinding import carried_out
from psrebind.cli.replay_report import refused_lines
from psrebind.cli.replaying import NEEDS_PERSON, Replaying, looked
from psrebind.cli.rows import Rows
from psrebind.cli.tally import Ending
from psrebind.errors import PsrebindError
from psrebind.fleet.fleet import Fleet
from psrebind.rebind.outcome import exit_status
from psrebind.rebind.run import Applied, Prepared


@dataclass(frozen=True)
class Proposed:
    """What would follow on one host, and what is refused."""

    prepared: list[Prepared]
    left: list[RebindLine]


@dataclass(frozen=True)
class Replayed:
    """What became of one host; ``error`` is what ended it before its last rebind."""

    applied: list[Applied]
    left: list[RebindLine]
    error: PsrebindError | None = None


def replay_many(fleet: Fleet, asked: Asked, manner: Replaying) -> int:
    """Show or do the rebinds that nothing followed; give the exit status."""

    def propose(visit: Visit) -> Proposed:
        found, prepared = looked(visit, manner)
        return Proposed(prepared, refused_lines(visit.name, found))

    def carry_out(visit: Visit) -> Replayed:
        proposed = propose(visit)
        applied: list[Applied] = []
        for one in proposed.prepared:
            try:
                applied.append(carried_out(visit, one, manner))
            except PsrebindError as error:
                if not applied:
                    raise
                # What is known of the earlier ones must be seen.
                return Replayed(applied, proposed.left, error)
        return Replayed(applied, proposed.left)

    if manner.yes:
        return spread(fleet, asked, carry_out, _present_result)
    return spread(fleet, asked, propose, _present_plan)


def _present_plan(proposed: Proposed, rows: Rows) -> Ending:
    lines = [line for one in proposed.prepared for line in plan_lines(one)]
    rows.show([*lines, *proposed.left], short=plan_row)
    for one in proposed.prepared:
        tell_notes(one)
    return _worst([one.exit_status for one in proposed.prepared], proposed.left)


def _present_result(replayed: Replayed, rows: Rows) -> Ending:
    lines = [line for one in replayed.applied for line in result_lines(one)]
    rows.show([*lines, *replayed.left], short=result_row)
    statuses = [one.exit_status for one in replayed.applied]
    for one in replayed.applied:
        tell_result(one, command=f"psrebind rebind {rows.host}")
    if replayed.error:
        tell(f"{rows.host}: {replayed.error}")
        statuses.append(replayed.error.exit_status)
    return _worst(statuses, replayed.left)


def _worst(statuses: list[int], left: list[RebindLine]) -> int:
    return exit_status([*statuses, NEEDS_PERSON] if left else statuses)
