"""What a replay says: each proposal with its sources, its plan, and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from psrebind.cli.messages import tell
from psrebind.cli.options import Format
from psrebind.cli.output import show
from psrebind.cli.rebind_lines import RebindLine, plan_lines, plan_row
from psrebind.cli.rebind_report import plan_sentence
from psrebind.rebind.renewals import Chain, Proposal
from psrebind.rebind.run import Prepared

REFUSED_CHAIN = "no-successor"


def refused_lines(target: str, proposals: Sequence[Proposal]) -> list[RebindLine]:
    """The bindings whose certificate's chain has no end that is sure."""
    return [
        RebindLine(
            host=target,
            site=binding.site,
            binding=binding.information,
            store=binding.store,
            before=one.chain.old,
            after=None,
            outcome="refused",
            rule=REFUSED_CHAIN,
            reason=one.chain.refusal,
        )
        for one in proposals
        for binding in one.bindings
        if one.chain.refusal
    ]


def show_proposals(
    target: str,
    proposals: Sequence[Proposal],
    prepared: Sequence[Prepared],
    *,
    form: Format | None,
) -> None:
    """Print what would follow: as data in a form, or beside the data where None is given."""
    lines = [line for one in prepared for line in plan_lines(one)]
    lines += refused_lines(target, proposals)
    show(lines, form or "table", short=plan_row, stream=sys.stdout if form else sys.stderr)
    if not proposals:
        tell(f"{target}: no binding has a certificate that was renewed: nothing would follow")
    plans = iter(prepared)
    for one in proposals:
        if one.chain.refusal:
            tell(f"{target}: refused: {one.chain.refusal}")
            continue
        plan = next(plans)
        for note in plan.plan.notes:
            tell(f"{target}: {note.text}")
        tell(f"{target}: {_words(one.chain)}: {plan_sentence(plan, dry_run=form is not None)}")
    if form and prepared:
        tell(f"{target}: the same with --yes does it")


def _words(chain: Chain) -> str:
    path = " → ".join((_head(chain.old), *(_head(step.new) for step in chain.steps)))
    return f"{path} ({'; '.join(_sources(chain))})"


def _sources(chain: Chain) -> Iterator[str]:
    for step in chain.steps:
        yield ", ".join(step.sources)


def _head(thumbprint: str) -> str:
    return f"{thumbprint[:8]}…"
