"""What shall be done on one host, and what became of it: one way for every command that rebinds.

A typed renewal makes one plan, renewals that nothing followed make one each. Commands differ in
where the plans come from, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from psrebind.errors import HostError, InvalidInput, PsrebindError
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.observe import observe
from psrebind.rebind.options import RebindOptions
from psrebind.rebind.outcome import Outcome, exit_status
from psrebind.rebind.renewals import Candidate
from psrebind.rebind.run import Applied, Prepared, apply, prepare
from psrebind.rebind.typed_renewal import TypedRenewal


@dataclass(frozen=True)
class HostPlan:
    """A plan for each renewal, in their order.

    ``candidates`` are the renewals that were found rather than typed, refused ones too;
    ``unreadable`` counts the events that could not be decoded.
    """

    host: str
    plans: tuple[Prepared, ...]
    candidates: tuple[Candidate, ...] = ()
    unreadable: int = 0

    @property
    def has_steps(self) -> bool:
        """Whether there is anything to do."""
        return any(one.plan.steps for one in self.plans)

    @property
    def count(self) -> int:
        """How many bindings would change."""
        return sum(len(one.plan.changing) for one in self.plans)

    @property
    def unplanned_status(self) -> int:
        """The exit status of what no plan can have: refused chains, events nobody could read."""
        refused = any(one.chain.refusal for one in self.candidates)
        return Outcome.REFUSED.exit_status if refused or self.unreadable else 0

    @property
    def exit_status(self) -> int:
        """The exit status if nothing is applied."""
        return exit_status([self.unplanned_status, *(one.exit_status for one in self.plans)])

    def slim(self) -> HostPlan:
        """The plan without what it was made from: all certificates of the host but those of the
        renewals. It may wait long for a person, beside many others."""
        return replace(self, plans=tuple(one.slim() for one in self.plans))


@dataclass(frozen=True)
class HostResult:
    """What became of a host's plans; ``error`` is what kept the next one from being applied."""

    plan: HostPlan
    applied: tuple[Applied, ...]
    error: PsrebindError | None = None

    @property
    def exit_status(self) -> int:
        """The exit status of all; what ended the run after a change is no wrong input."""
        found = [one.exit_status for one in self.applied]
        if self.error:
            wrong = isinstance(self.error, InvalidInput)
            found.append(HostError.exit_status if wrong else self.error.exit_status)
        return exit_status([self.plan.unplanned_status, *found])

    @property
    def ending(self) -> Outcome | int:
        """The outcome where all went well, else the exit status."""
        if status := self.exit_status:
            return status
        changed = any(one.outcome is Outcome.CHANGED for one in self.applied)
        return Outcome.CHANGED if changed else Outcome.UNCHANGED

    @property
    def changed(self) -> bool:
        """Whether any step changed anything."""
        return any(step.changed for one in self.applied for step in one.steps)


# Told of a plan before it is applied; what it raises leaves the host as it is.
OnPlan = Callable[[HostPlan], None]


def plan_rebind(runner: ScriptRunner, typed: TypedRenewal, options: RebindOptions) -> HostPlan:
    """Read a host and plan one renewal; raises what TypedRenewal.find raises."""
    renewal = typed.find(runner)
    return HostPlan(runner.host, (prepare(runner, renewal, options, observe(runner)),))


def apply_plan(
    runner: ScriptRunner,
    plan: HostPlan,
    options: RebindOptions,
    on_plan: OnPlan | None = None,
) -> HostResult:
    """Carry the plans of one host out; what is known of the first ones is kept at an error."""
    if on_plan:
        on_plan(plan)
    applied: list[Applied] = []
    for one in plan.plans:
        try:
            applied.append(apply(runner, one, options))
        except PsrebindError as error:
            if not applied:
                raise
            return HostResult(plan, tuple(applied), error)
    return HostResult(plan, tuple(applied))
