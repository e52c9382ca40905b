"""One way for every command to work on hosts: read, ask a person, show what came of it.

One host is a fleet of one: only what shows it differs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from psrebind.cli.consent import DECLINED, Consent, ask_consent, ask_person, name_hosts
from psrebind.cli.fleet_options import Chosen, read_fleet
from psrebind.cli.options import Connection, Format, Source
from psrebind.cli.output.many_hosts import ManyHostsView
from psrebind.cli.output.messages import tell
from psrebind.cli.output.one_host import OneHostView
from psrebind.cli.output.rows import OneHost, Rows
from psrebind.cli.output.stream import Order
from psrebind.cli.output.view import Ask, Present
from psrebind.errors import ConnectError
from psrebind.phrase import count_of
from psrebind.rebind.outcome import BUG, exit_status

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet, Results
    from psrebind.fleet.summary import Ending
    from psrebind.rebind.host_plan import HostPlan, HostResult, OnPlan
    from psrebind.rebind.options import RebindOptions

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """What a command was asked for, whatever it does."""

    target: str
    connection: Connection
    source: Source
    form: Format
    order: Order | None = None

    def read(self) -> Chosen:
        """The hosts; all input is checked now."""
        return read_fleet(self.target, self.connection, self.source)

    def show(self, chosen: Chosen, ask: Ask[T], present: Present[T], *, aside: bool = False) -> int:
        """Ask the hosts and show what came of it; rows of many may stand aside, as a table beside
        the data."""
        verbose = self.connection.verbose
        if chosen.single:
            return OneHostView(chosen.fleet, self.form, verbose=verbose).show(ask, present)
        return ManyHostsView(
            chosen.fleet,
            self.form,
            verbose=verbose,
            aside=aside,
            order=self.order,
            fail_fast=self.connection.fail_fast,
        ).show(ask, present)


def run_on_hosts(
    request: Request, ask: Ask[T], present: Present[T], *, consent: Consent | None = None
) -> int:
    """Ask the hosts, after a person agreed where that is needed; give the exit status."""
    chosen = request.read()
    if consent:
        fleet = ask_consent(consent, chosen.fleet)
        if fleet is None:
            return DECLINED
        chosen = replace(chosen, fleet=fleet)
    return request.show(chosen, ask, present)


@dataclass(frozen=True)
class PlannedChange:
    """A change whose plan is shown and agreed to first: how both are asked for, and printed."""

    plan: Callable[[Fleet], Results[HostPlan]]
    at_once: Callable[[Fleet, OnPlan | None], Results[HostResult]]
    options: RebindOptions
    show_plan: Present[HostPlan]
    show_result: Present[HostResult]
    dry_run: bool
    yes: bool


def change_hosts(request: Request, chosen: Chosen, change: PlannedChange) -> int:
    """Plan on all hosts, ask once, then change; with ``--yes`` each in one go.

    A plan that something follows stands beside the data, and is the data where nothing does.
    """
    followed = not change.dry_run and (change.yes or sys.stdin.isatty())
    plans: dict[str, HostPlan] = {}

    def show_plan(plan: HostPlan, rows: Rows) -> Ending:
        if plan.has_steps:
            plans[rows.host] = plan.slim()
        beside = rows.single and followed and plan.has_steps
        return change.show_plan(plan, rows.aside() if beside else rows)

    def show_result(result: HostResult, rows: Rows) -> Ending:
        if rows.single and not result.plan.has_steps:
            return change.show_plan(result.plan, rows)
        return change.show_result(result, rows)

    def tell_plan(plan: HostPlan) -> None:
        if plan.has_steps:
            change.show_plan(plan, OneHost(chosen.fleet.hosts[0].name, request.form).aside())

    on_plan = tell_plan if chosen.single else None
    if change.yes and not change.dry_run:
        return request.show(chosen, lambda fleet: change.at_once(fleet, on_plan), show_result)
    status = request.show(chosen, change.plan, show_plan, aside=followed)
    if change.dry_run or not plans:
        return status
    if reason := chosen.fleet.limits.reached:
        tell(f"{reason}: nothing was changed")
        return exit_status([status, ConnectError.exit_status])
    if status == BUG:
        tell("nothing was changed")
        return status
    fleet = chosen.fleet.with_hosts(plans)
    count = count_of(sum(plan.count for plan in plans.values()), "binding")
    agreed = ask_person(
        f"change {count} {'of' if chosen.single else 'on'} {name_hosts(fleet)}?", fleet
    )
    if agreed is None:
        return exit_status([status, DECLINED])
    return exit_status(
        [
            status,
            request.show(
                replace(chosen, fleet=agreed),
                lambda changing: changing.apply(plans, change.options),
                show_result,
            ),
        ]
    )
