"""A rebind's plan and what came of it, one line a binding. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psrebind.cli.phrases import Name, Phrase, certificate, change, joined
from psrebind.decode.names import certificate_name
from psrebind.model import Place, Thumbprint
from psrebind.rebind.handshake import Handshake
from psrebind.rebind.results import StepResult
from psrebind.rebind.run import Applied, Prepared
from psrebind.rebind.verify import Check, Verdict
from psrebind.services import service
from psrebind.services.steps import Plan


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


def plan_lines(prepared: Prepared) -> list[RebindLine]:
    """The plan before anybody agreed to it."""
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


def result_lines(applied: Applied) -> list[RebindLine]:
    """What became of each binding, those that were left alone included."""
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


def plan_row(line: RebindLine) -> dict[str, str | None]:
    """A line of a plan for a table."""
    return {
        "site": Phrase(Name(line.site)),
        "binding": line.binding,
        "store": line.store,
        "outcome": line.outcome,
        "certificate": _certificates(line),
        "reason": ": ".join(part for part in (line.rule, line.reason) if part),
    }


def result_row(line: RebindLine) -> dict[str, str | None]:
    """A line of a result for a table; a refusal's reason stood in the plan above it.

    What clients were served is told where it is not what the configuration says: else the verdict
    says that it is.
    """
    seen = [_served(one) for one in (line.served_before, line.served_after) if one]
    configured = [certificate(None, one) for one in (line.before, line.after)]
    return {
        "site": Phrase(Name(line.site)),
        "binding": line.binding,
        "outcome": line.outcome,
        "certificate": _certificates(line),
        "served": _arrow(seen) if _arrow(seen) != _arrow(configured) else None,
        "verdict": line.verdict,
        "reason": line.rule or line.reason,
    }


def _certificates(line: RebindLine) -> Phrase:
    return change((line.name_before, line.before), (line.name_after, line.after))


def _arrow(states: list[Phrase]) -> Phrase:
    return joined(dict.fromkeys(states) if len(set(states)) == 1 else states, " → ")


def _served(handshake: Handshake) -> Phrase:
    if handshake.thumbprint:
        return certificate(None, handshake.thumbprint)
    return Phrase(handshake.error or "nothing")
