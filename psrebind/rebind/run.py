"""One host's rebind in two calls, so that a person can read the plan in between.

``prepare`` reads and plans; ``apply`` writes the state before to disk, changes, and verifies.
Two pipelines in all, whatever the number of bindings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from psrebind.errors import HostError, ReplyError, SessionLost
from psrebind.model import Renewal
from psrebind.operations.base import Operation
from psrebind.rebind.before_file import states_before, write_before, write_end
from psrebind.rebind.observe import Sending, observe
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.plan import plan, plan_by_windows
from psrebind.rebind.results import StepResult, common_obstacle, judge, read_back
from psrebind.rebind.verify import Check, probe_after, probe_before
from psrebind.replies import Body, Reply
from psrebind.services import service
from psrebind.services.base import Service
from psrebind.services.observation import Observation, Reading
from psrebind.services.steps import NO_HISTORY, History, Plan
from psrebind.sessions.base import Limits, Session


class Method(StrEnum):
    """How certificates are changed: place by place, or as Windows' own task does."""

    BINDING = "binding"
    APPCMD = "appcmd"


class Stage(StrEnum):
    """Where an apply is, for a person who waits."""

    SAVED = "saved"
    CHANGING = "changing"
    VERIFYING = "verifying"


Report = Callable[[Stage, str], None]


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

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the commands said beside their steps, where a person should know it."""
        return tuple(dict.fromkeys(one.remark for one in self.steps if one.remark))

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
    session: Session,
    renewal: Renewal,
    *,
    address: str,
    method: Method = Method.BINDING,
    sending: Sending | None = None,
    folder: Path | None = None,
) -> Prepared:
    """Observe a host, plan its rebind, and look at what its places serve now.

    The states before in ``folder`` say what earlier changes left undone.
    """
    sending = sending or Sending()
    observation = observe(session, sending=sending)
    history = states_before(session.host, folder)
    return prepare_observed(
        session.host,
        observation,
        renewal,
        address=address,
        method=method,
        history=history,
        limits=sending.limits,
    )


def prepare_observed(
    host: str,
    observation: Observation,
    renewal: Renewal,
    *,
    address: str,
    method: Method = Method.BINDING,
    history: History = NO_HISTORY,
    limits: Limits | None = None,
) -> Prepared:
    """The same of a host that was observed before: several renewals need one observation."""
    planner = plan_by_windows if method is Method.APPCMD else plan
    planned = planner(observation, renewal, history)
    checks = probe_before(
        planned.steps, address, observation=observation, limits=limits or Limits()
    )
    return Prepared(host, renewal, method, observation, planned, checks)


def apply(
    session: Session,
    prepared: Prepared,
    *,
    folder: Path | None = None,
    sending: Sending | None = None,
    report: Report | None = None,
) -> Applied:
    """Carry a plan out and look what came of it; raises only when nobody can know that."""
    planned = prepared.plan
    if not planned.orders:
        return Applied(prepared)
    tell = report or _say_nothing
    path = write_before(session.host, planned.steps, folder=folder)
    tell(Stage.SAVED, str(path))
    tell(Stage.CHANGING, f"{len(planned.steps)} steps")
    asked = [service(name) for name in dict.fromkeys(one.service for one in planned.orders)]
    operations = (*planned.operations, *(one.query for one in asked))
    reply = _changed(session, operations, sending or Sending(), path)
    bodies = reply.bodies[: len(planned.orders)]
    if obstacle := common_obstacle(bodies):
        return Applied(prepared, before_file=path, obstacle=obstacle)
    now = _readings(asked, reply.bodies[len(bodies) :])
    results = [
        read_back(one, now[one.step.service]) if one.step.service in now else one
        for order, body in zip(planned.orders, bodies, strict=True)
        for one in judge(order, body)
    ]
    write_end(session.host, [(one.step, not (one.error or one.lost)) for one in results], path)
    tell(Stage.VERIFYING, f"{len(prepared.checks)} places")
    failed = [one.step for one in results if one.error]
    checks = [replace(check, failed=check.step in failed) for check in prepared.checks]
    probed = probe_after(checks, patience=prepared.patience, limits=(sending or Sending()).limits)
    complete = tuple(
        replace(one, checks=tuple(check for check in probed if check.step == one.step))
        for one in results
    )
    return Applied(prepared, complete, path)


def _say_nothing(stage: Stage, text: str) -> None:
    """Stand in for a person who does not wait."""


def _changed(
    session: Session,
    operations: Sequence[Operation[Any]],
    sending: Sending,
    path: Path,
) -> Reply:
    """Send the changes; an error that leaves the outcome unknown says how to find out."""
    advice = (
        f"The state before is in {path}; look with `psrebind bindings {session.host}`, and run "
        "the same rebind again to finish it"
    )
    try:
        return sending.run(operations, session)
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
