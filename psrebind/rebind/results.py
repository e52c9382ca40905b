"""The host's answers to a plan, compared with what was wanted. Pure; sends nothing.

A command that silently did nothing is a failure, and so is an option that was lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from psrebind.errors import HostError
from psrebind.rebind.verify import Check, Verdict
from psrebind.replies import Body
from psrebind.services import service
from psrebind.services.observation import Reading
from psrebind.services.steps import Judgement, Order, Step

# What stops every change of a script alike, before any of them ran.
_OBSTACLES = ("psrebind.Busy", "psrebind.LanguageMode", "psrebind.MissingModule,")
_ORDER = tuple(Verdict)


@dataclass(frozen=True)
class StepResult(Judgement):
    """What became of one step, by its answer and by what clients of its places were served."""

    checks: tuple[Check, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether configuration or clients are not as they should be."""
        return bool(self.error or self.lost) or self.verdict is Verdict.BROKEN

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict of the step's places; None where none was looked at."""
        found = [check.verdict for check in self.checks if check.verdict]
        return max(found, key=_ORDER.index, default=None)


def common_obstacle(bodies: Sequence[Body]) -> str | None:
    """One sentence for what stopped every change before it ran, if something did."""
    errors = [body.error for body in bodies if body.error]
    identities = {error.error_id for error in errors}
    if len(errors) < len(bodies) or len(identities) != 1:
        return None
    first = errors[0]
    return str(first) if first.error_id.startswith(_OBSTACLES) else None


def judge(order: Order, body: Body) -> list[StepResult]:
    """Let the service judge the answer to an order; an error fails all of its steps."""
    try:
        rows = order.operation.rows(body)
    except HostError as error:
        return [StepResult(step, error=str(error)) for step in order.steps]
    if len(rows) != 1:
        text = f"the host answered {len(rows)} rows, not one"
        return [StepResult(step, error=text) for step in order.steps]
    return [StepResult(**vars(one)) for one in service(order.service).judge(order, rows[0])]


def read_back(result: StepResult, now: Reading) -> StepResult:
    """The result by the places as they were read last, whatever the step's row said."""
    error = result.error or next(_differences(result.step, now), None)
    return replace(result, error=error)


def _differences(step: Step, now: Reading) -> Iterator[str]:
    asked = service(step.service)
    before = {asked.identity(place): place for place in step.places}
    for place in now.places:
        was = before.get(asked.identity(place))
        if was is None:
            continue
        if place.thumbprint != step.after:
            has = place.thumbprint or "no certificate"
            yield f"{place.name} has {has} at the end of the run"
        elif clause := asked.difference(was, place):
            yield f"{place.name} {clause} at the end of the run"
