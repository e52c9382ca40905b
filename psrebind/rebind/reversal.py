"""Whether what a rebind did can be undone by the opposite rebind. Pure."""

from __future__ import annotations

from psrebind.model import Renewal
from psrebind.rebind.run import Applied
from psrebind.services import service
from psrebind.services.observation import Case


def reversal(applied: Applied) -> Renewal | None:
    """The opposite renewal where no rule would refuse it on a step that changed; or None."""
    changed = [result.step for result in applied.steps if result.changed]
    there = applied.prepared.renewal
    back = Renewal(there.new, there.old)
    seen = applied.prepared.observation
    cases = (Case(seen, back, one.places, one.store, one.target, one.state) for one in changed)
    refused = any(
        service(step.service).refusals(case) for step, case in zip(changed, cases, strict=True)
    )
    return back if changed and not refused else None
