"""A rebind's plan and what came of it, one line a binding. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psrebind.model import Binding, BindingInfo, Thumbprint
from psrebind.rebind.handshake import Handshake
from psrebind.rebind.plan import Plan
from psrebind.rebind.results import StepResult
from psrebind.rebind.run import Applied, Prepared
from psrebind.rebind.verify import Check, Verdict

_SHORT = 8


@dataclass(frozen=True, kw_only=True)
class RebindLine:
    """One binding: what shall be or was done with it, and what its clients were served.

    ``outcome`` is planned, refused, skipped or done for a plan; changed, unchanged or failed for
    a step carried out.
    """

    host: str
    site: str
    binding: BindingInfo
    store: str | None
    before: Thumbprint | None
    after: Thumbprint | None
    outcome: str
    rule: str | None = None
    reason: str | None = None
    lost: tuple[str, ...] = ()
    verdict: Verdict | None = None
    served_before: Handshake | None = None
    served_after: Handshake | None = None


def plan_lines(prepared: Prepared) -> list[RebindLine]:
    """The plan before anybody agreed to it."""
    planned = (
        _line(
            prepared,
            check.binding,
            outcome="planned",
            after=check.step.after,
            served_before=check.before,
        )
        for check in prepared.checks
    )
    return [*planned, *_left(prepared, prepared.plan)]


def result_lines(applied: Applied) -> list[RebindLine]:
    """What became of each binding, those that were left alone included."""
    prepared = applied.prepared
    done = (_result(prepared, result, check) for result in applied.steps for check in result.checks)
    stopped = (
        _line(prepared, check.binding, outcome="failed", reason=applied.obstacle)
        for check in prepared.checks
        if applied.obstacle
    )
    return [*done, *stopped, *_left(prepared, prepared.plan)]


def _result(prepared: Prepared, result: StepResult, check: Check) -> RebindLine:
    failed = bool(result.error or result.lost) or check.verdict is Verdict.BROKEN
    lost = f"these options were lost: {', '.join(result.lost)}" if result.lost else None
    return _line(
        prepared,
        check.binding,
        outcome="failed" if failed else "changed" if result.changed else "unchanged",
        after=check.step.after,
        reason=result.error or lost or check.elsewhere,
        lost=result.lost,
        verdict=check.verdict,
        served_before=check.before,
        served_after=check.after,
    )


def _left(prepared: Prepared, plan: Plan) -> Iterator[RebindLine]:
    for refusal in plan.refusals:
        yield _line(
            prepared, refusal.binding, outcome="refused", rule=refusal.rule, reason=refusal.reason
        )
    for skip in plan.skipped:
        yield _line(prepared, skip.binding, outcome="skipped", reason=skip.reason)
    for binding in plan.done:
        yield _line(prepared, binding, outcome="done")


def _line(prepared: Prepared, binding: Binding, **fields: Any) -> RebindLine:
    return RebindLine(
        host=prepared.host,
        site=binding.site,
        binding=binding.information,
        store=binding.store,
        before=binding.thumbprint,
        **({"after": binding.thumbprint} | fields),
    )


def plan_row(line: RebindLine) -> dict[str, str | None]:
    """A line of a plan for a table: thumbprints by their first digits, as both are known whole."""
    return {
        "site": line.site,
        "binding": line.binding,
        "store": line.store,
        "outcome": line.outcome,
        "certificate": _arrow([_head(line.before), _head(line.after)]),
        "reason": ": ".join(part for part in (line.rule, line.reason) if part),
    }


def result_row(line: RebindLine) -> dict[str, str | None]:
    """A line of a result for a table; a refusal's reason stood in the plan above it.

    What clients were served is told where it is not what the configuration says: else the verdict
    says that it is.
    """
    certificate = _arrow([_head(line.before), _head(line.after)])
    served = _arrow([_served(one) for one in (line.served_before, line.served_after) if one])
    return {
        "site": line.site,
        "binding": line.binding,
        "outcome": line.outcome,
        "certificate": certificate,
        "served": served if served != certificate else None,
        "verdict": line.verdict,
        "reason": line.rule or line.reason,
    }


def _arrow(states: list[str]) -> str:
    return " → ".join(dict.fromkeys(states)) if len(set(states)) == 1 else " → ".join(states)


def _served(handshake: Handshake) -> str:
    return _head(handshake.thumbprint) if handshake.thumbprint else handshake.error or "nothing"


def _head(thumbprint: str | None) -> str:
    return f"{thumbprint[:_SHORT]}…" if thumbprint else "none"
