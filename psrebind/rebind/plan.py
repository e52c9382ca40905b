"""From what was observed to what shall be done, and what shall not. Pure functions.

A record, not a binding, holds a certificate (field notes B5): bindings that share one are one
step, and are refused together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from psrebind.decode.bindings import record_key
from psrebind.decode.records import restoring_arguments
from psrebind.model import Binding, RecordKind, Renewal, Thumbprint
from psrebind.operations.base import Operation
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.rebind.coverage import serves
from psrebind.rebind.observe import Observation
from psrebind.rebind.rules import (
    Case,
    Finding,
    Rule,
    binding_findings,
    record_findings,
    shared_finding,
)
from psrebind.rebind.whereabouts import unbound_words


@dataclass(frozen=True)
class Step:
    """One record to change, by one of its bindings; ``shared`` are the others that it serves."""

    binding: Binding
    before: Thumbprint
    after: Thumbprint
    store: str
    operation: SetIisBinding
    shared: tuple[Binding, ...] = ()

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """All bindings that the step changes."""
        return (self.binding, *self.shared)

    @property
    def record_name(self) -> str:
        """The record as netsh names it: ``ipport=0.0.0.0:443``."""
        return f"{self.operation.kind}={self.operation.endpoint}"


@dataclass(frozen=True)
class Refusal:
    """A binding that is left alone, the rule, and one sentence with what to do."""

    binding: Binding
    rule: Rule
    reason: str


@dataclass(frozen=True)
class Skipped:
    """A binding that appcmd would pass over in silence, and why."""

    binding: Binding
    reason: str


@dataclass(frozen=True)
class Note:
    """Something a person should know that refuses nothing; about one binding, or the host."""

    text: str
    binding: Binding | None = None


@dataclass(frozen=True)
class Plan:
    """What shall be done on one host; ``appcmd`` stands for all steps at once, where set."""

    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    done: tuple[Binding, ...] = ()
    notes: tuple[Note, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    appcmd: InvokeIisRenewal | None = None

    @property
    def operations(self) -> tuple[Operation[Any], ...]:
        """What is sent."""
        return (self.appcmd,) if self.appcmd else tuple(step.operation for step in self.steps)


@dataclass(frozen=True)
class _Group:
    """The bindings of one record, and what speaks against changing it."""

    case: Case
    bindings: tuple[Binding, ...]

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        common = tuple(record_findings(self.case))
        own = [(one, tuple(binding_findings(self.case, one))) for one in self.bindings]
        culprit = next((binding for binding, findings in own if findings), None)
        found: list[Refusal] = []
        for binding, mine in own:
            findings: tuple[Finding, ...] = (*common, *mine)
            if culprit and not mine:
                findings += (shared_finding(self.case.record, culprit),)
            found += [Refusal(binding, rule, reason) for rule, reason in findings]
        return tuple(found)

    @property
    def step(self) -> Step:
        record, renewal, binding = self.case.record, self.case.renewal, self.bindings[0]
        operation = SetIisBinding(
            site=binding.site,
            information=binding.information,
            kind=record.kind,
            # As the registry spells it: an international name may stand there in either form.
            endpoint=record.endpoint,
            expected=renewal.old,
            thumbprint=renewal.new,
            store=self.case.store,
            options=restoring_arguments(record),
        )
        return Step(
            binding, renewal.old, renewal.new, self.case.store, operation, self.bindings[1:]
        )


def plan(observation: Observation, renewal: Renewal) -> Plan:
    """Plan one step for each record with the old certificate, or say which rule refuses it."""
    steps: list[Step] = []
    refusals: list[Refusal] = []
    for group in _groups(observation, renewal):
        if found := group.refusals:
            refusals += found
        else:
            steps.append(group.step)
    return replace(
        _surroundings(observation, renewal), steps=tuple(steps), refusals=tuple(refusals)
    )


def plan_appcmd(observation: Observation, renewal: Renewal) -> Plan:
    """Plan what appcmd does: it passes over what its store lacks, and leaves nothing else out."""
    steps: list[Step] = []
    refusals: list[Refusal] = []
    skipped: list[Skipped] = []
    for group in _groups(observation, renewal):
        if reason := group.case.absent:
            skipped += [Skipped(binding, reason) for binding in group.bindings]
        elif found := group.refusals:
            refusals += found
        else:
            steps.append(group.step)
    around = replace(_surroundings(observation, renewal), skipped=tuple(skipped))
    if refusals:
        return replace(around, refusals=(*refusals, *_held_back(steps, refusals[0].binding)))
    if not steps:
        return around
    options = {step.record_name: step.operation.options for step in steps}
    appcmd = InvokeIisRenewal(old=renewal.old, new=renewal.new, options=options)
    return replace(around, steps=tuple(steps), appcmd=appcmd)


def _held_back(steps: Iterable[Step], refused: Binding) -> Iterable[Refusal]:
    reason = (
        f"appcmd cannot leave out {refused.information} of {refused.site}, which is refused: "
        "use the method binding, which can"
    )
    bindings = (binding for step in steps for binding in step.bindings)
    return (Refusal(binding, Rule.ALL_OR_NOTHING, reason) for binding in bindings)


def _groups(observation: Observation, renewal: Renewal) -> tuple[_Group, ...]:
    found: dict[tuple[RecordKind, str], list[Binding]] = {}
    for binding in observation.bindings.bindings:
        record = binding.record
        # A CCS record has no thumbprint: it is never met here.
        if record and record.thumbprint == renewal.old:
            found.setdefault(record_key(record.kind, record.endpoint), []).append(binding)
    return tuple(
        _Group(Case(observation, renewal, bindings[0].record), tuple(bindings))
        for bindings in found.values()
        if bindings[0].record
    )


def _surroundings(observation: Observation, renewal: Renewal) -> Plan:
    bindings = observation.bindings.bindings
    done = tuple(binding for binding in bindings if binding.thumbprint == renewal.new)
    return Plan(done=done, notes=tuple(_notes(observation, renewal)))


def _notes(observation: Observation, renewal: Renewal) -> Iterable[Note]:
    old = observation.anywhere(renewal.old)
    new = observation.anywhere(renewal.new)
    bindings = observation.bindings.bindings
    bound = [binding for binding in bindings if binding.thumbprint == renewal.old]
    for binding in bound if old is None else []:
        text = "the old certificate cannot be read, so whether a name is lost is unknown"
        yield Note(text, binding)
    if not any(binding.thumbprint in (renewal.old, renewal.new) for binding in bindings):
        yield Note(unbound_words(observation, renewal.old))
    for binding in bindings:
        name = binding.information.host
        fits = any(one and serves(one, name) for one in (old, new))
        if binding.kind is RecordKind.CCS and name and fits:
            text = "the central certificate store serves this name: its file is not touched"
            yield Note(text, binding)
    for odd in observation.bindings.unreadable:
        yield Note(f"{odd.information} of {odd.site} is left alone: {odd.reason}")
    for record in observation.bindings.strays:
        if record.thumbprint == renewal.old:
            name = f"{record.kind}={record.endpoint}"
            yield Note(f"the record {name} has the old certificate and no binding: not touched")
