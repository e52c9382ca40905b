"""One host's rebind in two calls, so that a person can read the plan in between.

``prepare`` reads and plans; ``apply`` writes the state before to disk, changes, and verifies.
Two pipelines in all, whatever the number of bindings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psrebind.errors import HostError, ReplyError, SessionLost
from psrebind.model import Renewal
from psrebind.operations.base import Operation
from psrebind.operations.get_iis_binding import GetIisBinding, IisBindings
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.before import states_before, write_before, write_end
from psrebind.rebind.observe import Observation
from psrebind.rebind.options import Method, RebindOptions
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.plan import Plan, plan, plan_appcmd
from psrebind.rebind.results import (
    AppcmdResult,
    StepResult,
    appcmd_results,
    binding_result,
    common_obstacle,
    still_other,
)
from psrebind.rebind.verify import Check, first_look, second_look
from psrebind.replies import Body, Reply

# What is told of an apply, for whoever waits: the file of the state before, and the last stage.
SAVED, VERIFYING = "saved", "verifying"


@dataclass(frozen=True)
class Prepared:
    """Everything a person decides on; ``patience`` is how long, in seconds, apply waits for the
    new certificate to be served."""

    host: str
    renewal: Renewal
    method: Method
    observation: Observation
    plan: Plan
    checks: tuple[Check, ...]
    patience: float = 5.0

    @property
    def outcome(self) -> Outcome:
        """The outcome if nothing is applied."""
        needs_person = self.plan.refusals or self.plan.skipped
        return Outcome.REFUSED if needs_person else Outcome.UNCHANGED

    @property
    def exit_status(self) -> int:
        """The exit status if nothing is applied."""
        return self.outcome.exit_status


@dataclass(frozen=True)
class Applied:
    """What became of a plan; ``obstacle`` is what stopped all of it before anything ran."""

    prepared: Prepared
    steps: tuple[StepResult, ...] = ()
    before_file: Path | None = None
    obstacle: str | None = None
    appcmd: AppcmdResult | None = None

    @property
    def outcome(self) -> Outcome:
        """What became of the host, its refusals included."""
        if self.obstacle or any(result.failed for result in self.steps):
            return Outcome.FAILED
        if self.prepared.outcome is Outcome.REFUSED:
            return Outcome.REFUSED
        changed = any(result.changed for result in self.steps)
        return Outcome.CHANGED if changed else Outcome.UNCHANGED

    @property
    def exit_status(self) -> int:
        """The exit status; clients that get the old certificate, or that the time did not allow to
        look at, need a person as a refusal does."""
        open_ones = any(check.unsure for result in self.steps for check in result.checks)
        return self.outcome.exit_status or (Outcome.REFUSED.exit_status if open_ones else 0)


def prepare(
    runner: ScriptRunner, renewal: Renewal, options: RebindOptions, observation: Observation
) -> Prepared:
    """Plan a rebind of a host that was observed, and look at what its bindings serve now.

    The states before that were kept say what earlier changes left undone.
    """
    history = states_before(runner.host, options.before_folder)
    planned = (plan_appcmd if options.method == Method.APPCMD else plan)(
        observation, renewal, history
    )
    checks = first_look(
        planned.steps, runner.address, bindings=observation.bindings, limits=runner.limits
    )
    return Prepared(runner.host, renewal, Method(options.method), observation, planned, checks)


def apply(runner: ScriptRunner, prepared: Prepared, options: RebindOptions) -> Applied:
    """Carry a plan out and look what came of it; raises only when nobody can know that.

    Raises ConnectError, too, where the time is up before anything was sent.
    """
    planned = prepared.plan
    runner.require_time()
    if not planned.operations:
        return Applied(prepared)
    path = write_before(runner.host, planned.steps, folder=options.before_folder)
    runner.tell(SAVED, str(path))
    reading = GetIisBinding()
    reply = _changed(runner, (*planned.operations, reading), path)
    *bodies, last = reply.bodies
    if obstacle := common_obstacle(bodies):
        return Applied(prepared, before_file=path, obstacle=obstacle)
    now = _read_back(reading, last)
    results, appcmd = _results(planned, bodies, now)
    ended = [(one.step, not (one.error or one.lost)) for one in results]
    write_end(runner.host, ended, path)
    runner.enter(VERIFYING)
    failed = [one.step for one in results if one.error]
    checks = [replace(check, failed=check.step in failed) for check in prepared.checks]
    looked = second_look(checks, patience=prepared.patience, limits=runner.limits)
    complete = tuple(
        replace(one, checks=tuple(check for check in looked if check.step == one.step))
        for one in results
    )
    return Applied(prepared, complete, path, appcmd=appcmd)


def _changed(runner: ScriptRunner, operations: Sequence[Operation[Any]], path: Path) -> Reply:
    """Send the changes; an error that leaves the outcome unknown says how to find out."""
    advice = (
        f"The state before is in {path}; look with `psrebind bindings {runner.host}`, and run "
        "the same rebind again to finish it"
    )
    try:
        return runner.run(operations)
    except SessionLost as error:
        told = f"{error.advice}. {advice}" if error.advice else advice
        raise SessionLost(error.host, error.reason, advice=told) from error
    except ReplyError as error:
        raise ReplyError(f"{error}. {advice}") from error


def _read_back(reading: GetIisBinding, body: Body) -> IisBindings | None:
    # The changes have answered for themselves; without this second look they stand alone.
    try:
        return reading.bindings(body) if body.rows or body.error else None
    except HostError:
        return None


def _results(
    planned: Plan, bodies: Sequence[Body], now: IisBindings | None
) -> tuple[tuple[StepResult, ...], AppcmdResult | None]:
    appcmd: AppcmdResult | None = None
    results: list[StepResult] = []
    steps, rest = planned.steps, list(bodies)
    if planned.appcmd:
        results, appcmd = appcmd_results(planned, planned.appcmd, rest.pop(0))
        steps = tuple(step for step in steps if not step.by_appcmd)
    results += [binding_result(step, body) for step, body in zip(steps, rest, strict=True)]
    if now is not None:
        results = [
            one if one.error else replace(one, error=still_other(one.step, now)) for one in results
        ]
    return tuple(results), appcmd
