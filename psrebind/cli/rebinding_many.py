"""A rebind on many hosts: plan all, ask once, then change them; with ``--yes`` each in one go.

What is kept between plan and consent are the plans of the hosts that change, no more.
"""

from __future__ import annotations

import dataclasses

from psrebind.cli.asking import Visit
from psrebind.cli.digits import TypedRenewal
from psrebind.cli.many import Asked, Work, once_agreed, spread
from psrebind.cli.messages import tell
from psrebind.cli.mistyped import judged, looked_for
from psrebind.cli.opening import Chosen
from psrebind.cli.rebind_lines import plan_lines, plan_row, result_lines, result_row
from psrebind.cli.rebind_report import tell_notes, tell_result
from psrebind.cli.rebinding import Manner, carried_out, planned
from psrebind.cli.rows import Rows
from psrebind.cli.tally import Ending
from psrebind.fleet.fleet import Fleet
from psrebind.model import Renewal
from psrebind.rebind.before_file import default_folder
from psrebind.rebind.reversal import reversal
from psrebind.rebind.run import Applied, Prepared
from psrebind.rebind.search import Search


def rebind_many(chosen: Chosen, asked: Asked, renewal: TypedRenewal, manner: Manner) -> int:
    """Rebind on every host that has the old certificate; give the exit status."""
    search = Search()
    status = _on_hosts(chosen, asked, renewal, manner, search)
    return judged(search, status)


def _on_hosts(
    chosen: Chosen, asked: Asked, renewal: TypedRenewal, manner: Manner, search: Search
) -> int:
    fleet = chosen.fleet

    def prepare(visit: Visit) -> Prepared:
        return looked_for(search, planned(visit, renewal, manner))

    def at_once(visit: Visit) -> Applied:
        return carried_out(visit, prepare(visit), manner)

    if manner.dry_run:
        return spread(fleet, asked, prepare, present_plan)
    if manner.yes:
        return _change(fleet, asked, at_once, manner)
    return _with_consent(fleet, asked, prepare, manner)


def _with_consent(fleet: Fleet, asked: Asked, prepare: Work[Prepared], manner: Manner) -> int:
    plans: dict[str, Prepared] = {}

    def keep(prepared: Prepared, rows: Rows) -> Ending:
        if prepared.plan.steps:
            plans[rows.host] = slim_plan(prepared)
        return present_plan(prepared, rows)

    status = spread(fleet, asked, prepare, keep, aside=True)
    if not plans:
        return status

    def apply(visit: Visit) -> Applied:
        return carried_out(visit, plans.pop(visit.name), manner)

    def change(changing: Fleet) -> int:
        return _change(changing, asked, apply, manner)

    count = sum(len(one.plan.changing) for one in plans.values())
    return once_agreed(fleet, plans, count, status, change)


def _change(fleet: Fleet, asked: Asked, work: Work[Applied], manner: Manner) -> int:
    ways: list[Renewal | None] = []

    def present(applied: Applied, rows: Rows) -> Ending:
        if any(step.changed for step in applied.steps):
            # One command goes back everywhere, or none is promised.
            others = applied.prepared.plan.done
            ways.append(None if others else reversal(applied))
        return present_result(applied, rows)

    status = spread(fleet, asked, work, present)
    if ways:
        tell(f"the states before are in {manner.before_folder or default_folder()}")
        back = ways[0]
        if back and set(ways) == {back}:
            tell(f"to go back, run the same command with --old {back.old} --new {back.new}")
    return status


def present_plan(prepared: Prepared, rows: Rows) -> Ending:
    """Print one host's plan among others."""
    rows.show(plan_lines(prepared), short=plan_row)
    tell_notes(prepared)
    return prepared.exit_status


def present_result(applied: Applied, rows: Rows) -> Ending:
    """Print what became of one host among others; in words only where a person is needed."""
    rows.show(result_lines(applied), short=result_row)
    if not applied.exit_status:
        return applied.outcome
    tell_result(applied, command=None)
    return applied.exit_status


def slim_plan(prepared: Prepared) -> Prepared:
    """A plan without what it was made from: all certificates of the host but its own two."""
    sides = (prepared.renewal.old, prepared.renewal.new)
    kept = tuple(one for one in prepared.observation.certificates if one.thumbprint in sides)
    slim = dataclasses.replace(prepared.observation, certificates=kept, unreadable=())
    return dataclasses.replace(prepared, observation=slim)
