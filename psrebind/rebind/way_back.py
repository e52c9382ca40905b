"""Whether what a rebind did can be undone by the opposite rebind. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from psrebind.model import Renewal
from psrebind.rebind.plan import Step
from psrebind.rebind.rules import Case, binding_findings, record_findings
from psrebind.rebind.run import Applied


def way_back(applied: Applied) -> Renewal | None:
    """The opposite renewal where no rule would refuse it on a record that was changed; or None."""
    changed = [result.step for result in applied.steps if result.changed]
    there = applied.prepared.renewal
    back = Renewal(there.new, there.old)
    return back if changed and not any(_findings(applied, changed, back)) else None


def _findings(applied: Applied, steps: Iterable[Step], back: Renewal) -> Iterable[object]:
    for step in steps:
        case = Case(applied.prepared.observation, back, step.record)
        yield from record_findings(case)
        for binding in step.bindings:
            yield from binding_findings(case, binding)
