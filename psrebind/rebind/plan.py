"""From what was observed to what shall be done, and what shall not. Pure functions.

A record, not a binding, holds a certificate (field notes B5): bindings that share one are one
step, and are refused together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psrebind.decode.iis_settings import NOT_TOUCHED
from psrebind.decode.owners import label, owner
from psrebind.decode.records import netsh_options, registry_values
from psrebind.model import Binding, Record, RecordKind, Renewal, Thumbprint
from psrebind.operations.base import Operation
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.rebind.coverage import serves
from psrebind.rebind.history import NO_HISTORY, History, RecordKey, Wanted, key_of, wanted
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
    """One record to change, by one of its bindings; ``shared`` are the others that it serves.

    ``record`` has the options that it shall have. ``repair`` says what an earlier change left
    undone; ``before`` is None where that was everything.
    """

    binding: Binding
    before: Thumbprint | None
    after: Thumbprint
    store: str
    operation: SetIisBinding
    renewal: Renewal
    record: Record
    shared: tuple[Binding, ...] = ()
    repair: str | None = None

    @property
    def by_appcmd(self) -> bool:
        """Whether appcmd could do it: it only looks for the old certificate."""
        return self.before == self.renewal.old

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
    """Something a person should know that refuses nothing; about one binding, or the host.

    A lasting one is true after a success, too.
    """

    text: str
    binding: Binding | None = None
    lasting: bool = False


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
    def changing(self) -> tuple[Binding, ...]:
        """The bindings that get the new certificate."""
        return tuple(binding for step in self.steps for binding in step.bindings)

    @property
    def operations(self) -> tuple[Operation[Any], ...]:
        """What is sent."""
        if self.appcmd is None:
            return tuple(step.operation for step in self.steps)
        others = (step.operation for step in self.steps if not step.by_appcmd)
        return (self.appcmd, *others)


@dataclass(frozen=True)
class _Group:
    """The bindings of one record, and what speaks against changing it."""

    case: Case
    bindings: tuple[Binding, ...]
    repair: str | None = None

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
        now = binding.thumbprint
        operation = SetIisBinding(
            site=binding.site,
            information=binding.information,
            kind=record.kind,
            # As the registry spells it: an international name may stand there in either form.
            endpoint=record.endpoint,
            expected=now,
            thumbprint=renewal.new,
            store=self.case.store,
            options=netsh_options(record),
            values=registry_values(record) if self.repair else None,
        )
        return Step(
            binding,
            now,
            renewal.new,
            self.case.store,
            operation,
            renewal,
            record,
            self.bindings[1:],
            self.repair,
        )


def plan(observation: Observation, renewal: Renewal, history: History = NO_HISTORY) -> Plan:
    """Plan one step for each record with the old certificate, or say which rule refuses it.

    So it is for records that earlier changes left without their options, or not at all: that
    ``history`` knows.
    """
    steps: list[Step] = []
    refusals: list[Refusal] = []
    for group in _groups(observation, renewal, history):
        if found := group.refusals:
            refusals += found
        else:
            steps.append(group.step)
    around = _surroundings(observation, renewal, steps)
    return replace(around, steps=tuple(steps), refusals=tuple(refusals))


def plan_appcmd(observation: Observation, renewal: Renewal, history: History = NO_HISTORY) -> Plan:
    """Plan what appcmd does: it passes over what its store lacks, and leaves nothing else out.

    What an earlier change left undone it cannot do: that is done by binding.
    """
    steps: list[Step] = []
    refusals: list[Refusal] = []
    skipped: list[Skipped] = []
    for group in _groups(observation, renewal, history):
        if reason := group.case.absent:
            skipped += [Skipped(binding, reason) for binding in group.bindings]
        elif found := group.refusals:
            refusals += found
        else:
            steps.append(group.step)
    around = replace(_surroundings(observation, renewal, steps), skipped=tuple(skipped))
    if refusals:
        return replace(around, refusals=(*refusals, *_held_back(steps, refusals[0].binding)))
    options = {step.record_name: step.operation.options for step in steps if step.by_appcmd}
    if not options:
        return replace(around, steps=tuple(steps))
    appcmd = InvokeIisRenewal(old=renewal.old, new=renewal.new, options=options)
    return replace(around, steps=tuple(steps), appcmd=appcmd)


def _held_back(steps: Iterable[Step], refused: Binding) -> Iterable[Refusal]:
    reason = (
        f"appcmd cannot leave out {refused.place}, which is refused: "
        "use the method binding, which can"
    )
    bindings = (binding for step in steps for binding in step.bindings)
    return (Refusal(binding, Rule.ALL_OR_NOTHING, reason) for binding in bindings)


def _groups(observation: Observation, renewal: Renewal, history: History) -> tuple[_Group, ...]:
    found: dict[RecordKey, tuple[Wanted, list[Binding]]] = {}
    for binding in observation.bindings.bindings:
        aim = wanted(binding, renewal, history)
        # A CCS record has no thumbprint: it is never met here.
        is_old = binding.thumbprint == renewal.old
        is_undone = aim.repair and binding.thumbprint in (None, renewal.new)
        if is_old or is_undone:
            found.setdefault(key_of(binding), (aim, []))[1].append(binding)
    return tuple(
        _Group(Case(observation, renewal, aim.record), tuple(bindings), aim.repair)
        for aim, bindings in found.values()
        if aim.record
    )


def _surroundings(observation: Observation, renewal: Renewal, steps: Sequence[Step]) -> Plan:
    bindings = observation.bindings.bindings
    changing = [binding for step in steps for binding in step.bindings]
    done = tuple(one for one in bindings if one.thumbprint == renewal.new and one not in changing)
    return Plan(done=done, notes=tuple(_notes(observation, renewal)))


def _notes(observation: Observation, renewal: Renewal) -> Iterable[Note]:
    old = observation.anywhere(renewal.old)
    new = observation.anywhere(renewal.new)
    bindings = observation.bindings.bindings
    bound = [binding for binding in bindings if binding.thumbprint == renewal.old]
    for binding in bound if old is None else []:
        text = "the old certificate cannot be read, so whether a name is lost is unknown"
        yield Note(text, binding)
    ftp = [one for one in observation.bindings.ftp if one.thumbprint == renewal.old]
    if not any(binding.thumbprint in (renewal.old, renewal.new) for binding in bindings):
        yield Note(unbound_words(observation, renewal.old, "HTTPS binding" if ftp else "binding"))
    for one in ftp:
        yield Note(f"{one.name} has the old certificate: {NOT_TOUCHED}", lasting=True)
    for binding in bindings:
        name = binding.information.host
        fits = any(one and serves(one, name) for one in (old, new))
        if binding.kind is RecordKind.CCS and name and fits:
            text = "the central certificate store serves this name: its file is not touched"
            yield Note(text, binding)
    for binding in bound:
        record = binding.record
        if record and (whose := label(record)) and not owner(record, observation.bindings.services):
            yield Note(f"its record has the label of {whose}: the label is put back", binding)
    for left in observation.bindings.legacy:
        concerned = [one for one in bindings if left.concerns(one.site_id)]
        if any(one.thumbprint in (renewal.old, renewal.new) for one in concerned):
            yield Note(left.advice(concerned[0].site), lasting=True)
    for odd in observation.bindings.unreadable:
        yield Note(f"{odd.information} of {odd.site} is left alone: {odd.reason}")
    for record in observation.bindings.orphan_records:
        if record.thumbprint == renewal.old:
            name = f"{record.kind}={record.endpoint}"
            yield Note(f"the record {name} has the old certificate and no binding: not touched")
