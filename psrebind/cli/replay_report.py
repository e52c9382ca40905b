"""What a replay says: each proposal with its sources, its plan, and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psrebind.cli.messages import tell
from psrebind.cli.options import Format
from psrebind.cli.output import show
from psrebind.cli.rebind_lines import RebindLine, plan_lines, plan_row
from psrebind.cli.rebind_report import plan_sentence, tell_notes
from psrebind.rebind.renewals import Candidate, RenewalChain
from psrebind.rebind.run import Prepared
from psrebind.services import service

NEEDS_PERSON = 3
REFUSED_CHAIN = "no-successor"
HOW = "the same with --yes does it"


@dataclass(frozen=True)
class Looked:
    """What was found on a host; ``prepared`` are the plans of what is not refused, in order.

    ``unreadable`` counts the events that could not be decoded.
    """

    proposals: tuple[Candidate, ...]
    prepared: tuple[Prepared, ...]
    unreadable: int = 0

    @property
    def doable(self) -> bool:
        """Whether --yes would do anything."""
        return any(one.plan.steps for one in self.prepared)

    @property
    def bindings(self) -> int:
        """How many bindings --yes would change."""
        return sum(len(one.plan.changing) for one in self.prepared)

    @property
    def statuses(self) -> list[int]:
        """The exit statuses of what no plan can have: refused chains, events nobody could read."""
        refused = any(one.chain.refusal for one in self.proposals)
        return [NEEDS_PERSON] if refused or self.unreadable else []


def refused_lines(target: str, proposals: Sequence[Candidate]) -> list[RebindLine]:
    """The bindings whose certificate's chain has no end that is sure."""
    return [
        RebindLine(
            host=target,
            site=service(place.service).columns(place)[0],
            binding=service(place.service).columns(place)[1],
            store=place.store,
            before=one.chain.old,
            after=None,
            outcome="refused",
            rule=REFUSED_CHAIN,
            reason=one.chain.refusal,
            name_before=one.name,
        )
        for one in proposals
        for place in one.places
        if one.chain.refusal
    ]


def show_proposals(target: str, found: Looked, *, form: Format | None, dry_run: bool) -> None:
    """Print what would follow: as data in a form, or beside the data where None is given."""
    lines = [line for one in found.prepared for line in plan_lines(one)]
    lines += refused_lines(target, found.proposals)
    show(lines, form or "table", short=plan_row, stream=sys.stdout if form else sys.stderr)
    if not found.proposals:
        tell(f"{target}: no binding has a certificate that was renewed: nothing would follow")
    tell_proposals(target, found, dry_run=form is not None)
    if dry_run and found.doable:
        tell(f"{target}: {HOW}")


def tell_proposals(target: str, found: Looked, *, dry_run: bool) -> None:
    """Say of each proposal which event or link it comes from, and what its plan comes to."""
    plans = iter(found.prepared)
    for one in found.proposals:
        if one.chain.refusal:
            tell(f"{target}: refused: {one.chain.refusal}")
            continue
        plan = next(plans)
        tell_notes(plan)
        tell(f"{target}: {_words(one.chain)}: {plan_sentence(plan, dry_run=dry_run)}")


def _words(chain: RenewalChain) -> str:
    return f"{chain.path} ({'; '.join(_sources(chain))})"


def _sources(chain: RenewalChain) -> Iterator[str]:
    for step in chain.steps:
        yield ", ".join(step.sources)
