"""The rules of IIS: what speaks against a change of a record, and what a person should know."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from psrebind.decode.bindings import IisBindings
from psrebind.decode.coverage import serves
from psrebind.decode.owners import label, owner
from psrebind.decode.records import unknown_options
from psrebind.iis_model import Record, RecordKind
from psrebind.model import Renewal
from psrebind.services.observation import Observation
from psrebind.services.rules import Finding, Rule
from psrebind.services.steps import Note


def record_findings(record: Record, services: Collection[str]) -> Iterator[Finding]:
    """A record of another program's service, or with options that nobody could put back."""
    if found := owner(record, services):
        reason = (
            f"the record {record.name} belongs to {found.name}, whose service "
            f"{found.service} is on the host: rebind it with that program's own means"
        )
        yield Rule.FOREIGN_RECORD, reason
    if unknown := unknown_options(record):
        reason = (
            f"the record {record.name} has {', '.join(unknown)}, which psrebind could not "
            "put back: rebind it by hand"
        )
        yield Rule.UNKNOWN_OPTIONS, reason


def binding_notes(
    observation: Observation, reading: IisBindings, renewal: Renewal
) -> Iterator[Note]:
    """What the central store, labels, IIS 6, odd bindings and orphan records mean here."""
    bindings = reading.bindings
    sides = (renewal.old, renewal.new)
    both = [one for one in map(observation.anywhere, sides) if one]
    for binding in bindings:
        name = binding.information.host
        if binding.kind is RecordKind.CCS and name and any(serves(one, name) for one in both):
            text = "the central certificate store serves this name: its file is not touched"
            yield Note(text, binding)
    for binding in bindings:
        record = binding.record
        if record is None or binding.thumbprint != renewal.old:
            continue
        if (whose := label(record)) and not owner(record, reading.services):
            text = f"its record has the label of {whose}: the label is put back"
            yield Note(text, binding)
    for left in reading.legacy:
        concerned = [one for one in bindings if left.concerns(one.site_id)]
        if any(one.thumbprint in sides for one in concerned):
            yield Note(left.advice(concerned[0].site), lasting=True)
    for odd in reading.unreadable:
        yield Note(f"{odd.information} of {odd.site} is left alone: {odd.reason}")
    for record in reading.orphan_records:
        if record.thumbprint == renewal.old:
            text = f"the record {record.name} has the old certificate and no binding: "
            yield Note(f"{text}not touched")
