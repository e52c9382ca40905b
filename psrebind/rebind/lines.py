"""A host's plan and what became of it, one line a binding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psrebind.decode.names import certificate_name
from psrebind.model import Place, Thumbprint
from psrebind.rebind.handshake import Handshake
from psrebind.rebind.host_plan import HostPlan, HostResult
from psrebind.rebind.results import StepResult
from psrebind.rebind.run import Applied, Prepared
from psrebind.rebind.verify import Check, Verdict
from psrebind.services import service
from psrebind.services.steps import Plan

REFUSED_CHAIN = "no-successor"


@dataclass(frozen=True, kw_only=True)
class RebindLine:
    """One binding: what shall be or was done with it, and what its clients were served.

    ``outcome`` is planned, refused, skipped or done for a plan; changed, unchanged or failed for
    a step carried out.
    """

    host: str
    site: str
    binding: str
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
    name_before: str | None = None
    name_after: str | None = None


def plan_lines(plan: HostPlan) -> list[RebindLine]:
    """The plans of a host before anybody agreed to them, refused renewals last."""
    lines = [line for one in plan.plans for line in _planned(one)]
    return [*lines, *_refused_renewals(plan)]


def result_lines(result: HostResult) -> list[RebindLine]:
    """What became of each binding, those that were left alone included."""
    lines = [line for one in result.applied for line in applied_lines(one)]
    return [*lines, *_refused_renewals(result.plan)]


def _refused_renewals(plan: HostPlan) -> Iterator[RebindLine]:
    """The bindings whose certificate's chain has no end that is sure."""
    for one in plan.candidates:
        for place in one.places if one.chain.refusal else ():
            site, binding = service(place.service).columns(place)
            yield RebindLine(
                host=plan.host,
                site=site,
                binding=binding,
                store=place.store,
                before=one.chain.old,
                after=None,
                outcome="refused",
                rule=REFUSED_CHAIN,
                reason=one.chain.refusal,
                name_before=one.name,
            )


def _planned(prepared: Prepared) -> list[RebindLine]:
    planned = (
        _line(
            prepared,
            check.place,
            outcome="planned",
            after=check.step.after,
            reason=check.step.repair,
            served_before=check.before,
        )
        for check in prepared.checks
    )
    return [*planned, *_left(prepared, prepared.plan)]


def applied_lines(applied: Applied) -> list[RebindLine]:
    """What became of each binding of one plan."""
    prepared = applied.prepared
    done = (_result(prepared, result, check) for result in applied.steps for check in result.checks)
    stopped = (
        _line(prepared, check.place, outcome="failed", reason=applied.obstacle)
        for check in prepared.checks
        if applied.obstacle
    )
    return [*done, *stopped, *_left(prepared, prepared.plan)]


def _result(prepared: Prepared, result: StepResult, check: Check) -> RebindLine:
    failed = bool(result.error or result.lost) or check.verdict is Verdict.BROKEN
    lost = f"these options were lost: {', '.join(result.lost)}" if result.lost else None
    return _line(
        prepared,
        check.place,
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
            prepared, refusal.place, outcome="refused", rule=refusal.rule, reason=refusal.reason
        )
    for skip in plan.skipped:
        yield _line(prepared, skip.place, outcome="skipped", reason=skip.reason)
    for place in plan.done:
        yield _line(prepared, place, outcome="done")


def _line(prepared: Prepared, place: Place, **fields: Any) -> RebindLine:
    before, after = place.thumbprint, fields.pop("after", place.thumbprint)
    site, binding = service(place.service).columns(place)
    return RebindLine(
        host=prepared.host,
        site=site,
        binding=binding,
        store=place.store,
        before=before,
        after=after,
        name_before=_name(prepared, before),
        name_after=_name(prepared, after),
        **fields,
    )


def _name(prepared: Prepared, thumbprint: Thumbprint | None) -> str | None:
    found = prepared.observation.anywhere(thumbprint) if thumbprint else None
    return certificate_name(found) if found else None
