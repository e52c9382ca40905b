"""A renewal by appcmd, as the rebind task of Windows does it: all records of IIS at once.

It passes over what its store lacks and leaves nothing else out. What an earlier change left
undone it cannot do: that is done by binding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from psrebind.decode.bindings import record_key
from psrebind.decode.records import RawRecord, netsh_options
from psrebind.model import Place, Renewal
from psrebind.operations.invoke_iis_renewal import IisRenewal, InvokeIisRenewal
from psrebind.services.iis_records import misfit, options_lost
from psrebind.services.rules import Rule
from psrebind.services.steps import Judgement, Order, Plan, Refusal, Step


def by_appcmd(planned: Plan, renewal: Renewal) -> Plan:
    """The same plan by appcmd: of what is refused nothing is done at all."""
    if planned.refusals:
        held_back = _held_back(planned.steps, planned.refusals[0].place)
        return replace(planned, steps=(), orders=(), refusals=(*planned.refusals, *held_back))
    # It looks for the old certificate only.
    together = tuple(step for step in planned.steps if step.before == renewal.old)
    if not together:
        return planned
    options = {step.target: netsh_options(step.state) for step in together}
    operation = InvokeIisRenewal(old=renewal.old, new=renewal.new, options=options)
    others = (order for order in planned.orders if order.steps[0] not in together)
    return replace(planned, orders=(Order(operation, together), *others))


def _held_back(steps: Iterable[Step], refused: Place) -> tuple[Refusal, ...]:
    reason = (
        f"appcmd cannot leave out {refused.name}, which is refused: "
        "use the method binding, which can"
    )
    places = (place for step in steps for place in step.places)
    return tuple(Refusal(place, Rule.ALL_OR_NOTHING, reason) for place in places)


def judge_appcmd(order: Order, row: IisRenewal) -> list[Judgement]:
    """What appcmd did to the record of each step, and what it said where it failed."""
    said = f"appcmd ended with {row.exit}: {' '.join(row.output)}" if row.exit else None
    return [replace(_judge(step, row), remark=said) for step in order.steps]


def _judge(step: Step, row: IisRenewal) -> Judgement:
    before, after = _record_of(step, row.before), _record_of(step, row.after)
    prefix = f"{step.target}: "
    said = [text.removeprefix(prefix) for text in row.lost if text.startswith(prefix)]
    if after is None:
        return Judgement(step, error=f"the record {step.target} is gone")
    changed = before is not None and before.thumbprint != after.thumbprint
    if not (error := misfit(step, after)):
        return Judgement(step, changed, options_lost(step, before, after, said))
    if row.exit:
        return Judgement(step, changed, error=f"{error}; appcmd ended with {row.exit}")
    return Judgement(step, changed, error=f"{error}: appcmd passed it over in silence")


def _record_of(step: Step, records: Sequence[RawRecord]) -> RawRecord | None:
    wanted = record_key(step.state.kind, step.state.endpoint)
    return next((one for one in records if record_key(one.kind, one.endpoint) == wanted), None)
