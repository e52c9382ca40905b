"""What a host's plan comes to and what became of it, in sentences for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psrebind.phrase import count_of
from psrebind.rebind.host_plan import HostPlan, HostResult
from psrebind.rebind.lines import applied_lines
from psrebind.rebind.run import Applied
from psrebind.rebind.verify import Verdict
from psrebind.services.steps import Note, Plan

# Of what was refused; the table has them all.
_MOST_NAMED = 5


def plan_sentences(plan: HostPlan, *, dry_run: bool, sum_up: bool = True) -> Iterator[str]:
    """What a person should know of a host's plans, and what each comes to unless told not to."""
    if not plan.plans and not plan.candidates:
        yield "no binding has a certificate that was renewed: nothing would follow"
    prepared = iter(plan.plans)
    # A typed renewal is no candidate.
    for candidate in plan.candidates or [None] * len(plan.plans):
        if candidate and candidate.chain.refusal:
            yield f"refused: {candidate.chain.refusal}"
            continue
        one = next(prepared).plan
        yield from map(_said, one.notes)
        where = ""
        if candidate:
            sources = "; ".join(", ".join(step.sources) for step in candidate.chain.steps)
            where = f"{candidate.chain.path} ({sources}): "
        if sum_up:
            yield f"{where}{_sum(one, dry_run=dry_run)}"


def _said(note: Note) -> str:
    place = f"{note.place.name}: " if note.place else ""
    return f"{place}{note.text}"


def _sum(plan: Plan, *, dry_run: bool) -> str:
    """What a plan comes to."""
    count = len(plan.changing)
    parts = [f"{count_of(count, 'binding')} to change" if count else "nothing to change"]
    parts += [f"{len(plan.done)} done already"] if plan.done else []
    parts += _left_alone([plan])
    return ", ".join(parts) + ("; nothing was changed" if dry_run else "")


def _left_alone(plans: Sequence[Plan], *, named: bool = False) -> list[str]:
    """How many bindings the plans do not touch, and why; each may need a person."""
    # A binding may be refused by several rules, each a line of its own.
    rules: dict[str, list[str]] = {}
    for plan in plans:
        for one in plan.refusals:
            rules.setdefault(one.place.name, []).append(one.rule)
    parts = [f"{len(rules)} refused"] if rules else []
    if named and rules:
        shown = [f"{place} ({', '.join(found)})" for place, found in rules.items()]
        more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
        parts = [f"{len(rules)} refused: {', '.join(shown[:_MOST_NAMED])}{more}"]
    skipped = sum(len(plan.skipped) for plan in plans)
    return parts + ([f"{skipped} that appcmd would skip in silence"] if skipped else [])


def result_sentences(result: HostResult, *, command: str | None) -> Iterator[str]:
    """What to do next, and by which command, if any, to go back: all of a host's rebinds in one."""
    yield from _sentences(result.applied, command)
    if result.error:
        yield str(result.error)


def _sentences(done: Sequence[Applied], command: str | None) -> Iterator[str]:
    for obstacle in dict.fromkeys(one.obstacle for one in done if one.obstacle):
        yield f"nothing was changed: {obstacle}"
    ran = [one for one in done if not one.obstacle]
    if not ran:
        return
    for one in ran:
        yield from one.remarks
    lines = [line for one in ran for line in applied_lines(one)]
    count = sum(line.outcome == "changed" for line in lines)
    failed = sum(line.outcome == "failed" for line in lines)
    parts = [f"{count_of(count, 'binding')} changed"]
    parts += [f"{failed} failed"] if failed else []
    parts += _left_alone([one.prepared.plan for one in ran], named=True)
    yield ", ".join(parts)
    yield from _of_clients({line.verdict for line in lines})
    lasting = (note for one in ran for note in one.prepared.plan.notes if note.lasting)
    yield from dict.fromkeys(_said(note) for note in lasting)
    for one in ran if command else ():
        if back := one.reversal:
            others = len(one.prepared.plan.done)
            along = f"; that takes {count_of(others, 'binding')} along that had the new one before"
            way = f"run {command} with --old {back.old} --new {back.new}"
            yield f"to go back, {way}{along if others else ''}"


def _of_clients(verdicts: set[Verdict | None]) -> Iterator[str]:
    if Verdict.PENDING in verdicts:
        yield (
            "pending: the configuration has the new certificate and clients still get the old "
            "one; look again in a minute"
        )
    if Verdict.UNVERIFIED in verdicts:
        yield "unverified: no handshake from here could show what clients get"
    if Verdict.BROKEN in verdicts:
        yield "broken: clients were served before and are not, or not as they should be"
