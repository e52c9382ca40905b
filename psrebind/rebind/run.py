"""One host's rebind in two calls, so that a person can read the plan in between.

``prepare`` reads and plans; ``apply`` writes the state before to disk, changes, and verifies.
Two pipelines in all, whatever the number of bindings.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psrebind.errors import HostError, ReplyError, SessionLost
from psrebind.model import Renewal
from psrebind.operations.base import Operation
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.before_file import states_before, write_before, write_end
from psrebind.rebind.options import Method, RebindOptions
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.plan import plan
from psrebind.rebind.results import StepResult, common_obstacle, judge, read_back
from psrebind.rebind.verify import Check, probe_after, probe_before
from psrebind.replies import Body, Reply
from psrebind.services import service
from psrebind.services.base import Service
from psrebind.services.observation import Case, Observation, Reading
from psrebind.services.steps import Plan
from psrebind.sessions.base import SAVED, VERIFYING


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

    def slim(self) -> Prepared:
        """The same without the certificates that are none of the renewal's."""
        sides = (self.renewal.old, self.renewal.new)
        kept = tuple(one for one in self.observation.certificates if one.thumbprint in sides)
        slim = replace(self.observation, certificates=kept, unreadable=())
        return replace(self, observation=slim)

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

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the commands said beside their steps, where a person should know it."""
        return tuple(dict.fromkeys(one.remark for one in self.steps if one.remark))

    @property
    def reversal(self) -> Renewal | None:
        """The opposite renewal where no rule would refuse it on a step that changed; or None."""
        changed = [result.step for result in self.steps if result.changed]
        there, seen = self.prepared.renewal, self.prepared.observation
        back = Renewal(there.new, there.old)
        refused = any(
            service(one.service).refusals(
                Case(seen, back, one.places, one.store, one.target, one.state)
            )
            for one in changed
        )
        return back if changed and not refused else None

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
    """Plan a rebind of a host that was observed, and look at what its places serve now.

    The states before that were kept say what earlier changes left undone.
    """
    history = states_before(runner.host, options.before_folder)
    by_windows = options.method is Method.APPCMD
    planned = plan(observation, renewal, history, by_windows=by_windows)
    checks = probe_before(
        planned.steps, runner.address, observation=observation, limits=runner.limits
    )
    return Prepared(runner.host, renewal, options.method, observation, planned, checks)


def apply(runner: ScriptRunner, prepared: Prepared, options: RebindOptions) -> Applied:
    """Carry a plan out and look what came of it; raises only when nobody can know that.

    Raises ConnectError, too, where the time is up before anything was sent.
    """
    planned = prepared.plan
    runner.require_time()
    if not planned.orders:
        return Applied(prepared)
    path = write_before(runner.host, planned.steps, folder=options.before_folder)
    runner.tell(SAVED, str(path))
    asked = [service(name) for name in dict.fromkeys(one.service for one in planned.orders)]
    reply = _changed(runner, (*planned.operations, *(one.query for one in asked)), path)
    bodies = reply.bodies[: len(planned.orders)]
    if obstacle := common_obstacle(bodies):
        return Applied(prepared, before_file=path, obstacle=obstacle)
    now = _readings(asked, reply.bodies[len(bodies) :])
    results = [
        read_back(one, now[one.step.service]) if one.step.service in now else one
        for order, body in zip(planned.orders, bodies, strict=True)
        for one in judge(order, body)
    ]
    write_end(runner.host, [(one.step, not (one.error or one.lost)) for one in results], path)
    runner.enter(VERIFYING)
    failed = [one.step for one in results if one.error]
    checks = [replace(check, failed=check.step in failed) for check in prepared.checks]
    probed = probe_after(checks, patience=prepared.patience, limits=runner.limits)
    complete = tuple(
        replace(one, checks=tuple(check for check in probed if check.step == one.step))
        for one in results
    )
    return Applied(prepared, complete, path)


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


def _readings(asked: Sequence[Service[Any, Any]], bodies: Sequence[Body]) -> dict[str, Reading]:
    """What the services answered last; without it the answers of the changes stand alone."""
    found: dict[str, Reading] = {}
    for one, body in zip(asked, bodies, strict=True):
        if body.rows or body.error:
            with suppress(HostError):
                found[one.name] = one.read(body)
    return found
