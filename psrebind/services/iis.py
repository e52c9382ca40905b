"""IIS: its HTTPS bindings, whose certificates http.sys keeps in records (field notes B5).

A record, not a binding, holds a certificate: bindings that share one are one step, and are
refused together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psrebind.decode.bindings import IisBindings, record_key
from psrebind.decode.names import a_label, is_address
from psrebind.decode.records import RawRecord, netsh_options, registry_values
from psrebind.iis_model import Binding, Record, RecordKind
from psrebind.model import Place, Renewal, Thumbprint
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.replies import Body
from psrebind.services.base import Service
from psrebind.services.iis_appcmd import by_appcmd, judge_appcmd
from psrebind.services.iis_records import (
    SERVICE_NAME,
    binding_key,
    kept_record,
    misfit,
    options_lost,
    options_lost_since,
    wanted,
)
from psrebind.services.iis_rules import binding_notes, record_findings
from psrebind.services.observation import Case, Observation
from psrebind.services.steps import (
    Endpoint,
    History,
    Judgement,
    Kept,
    Note,
    Order,
    Plan,
    Shadow,
    Skipped,
)

# A label that no host name has, so that a wildcard's binding answers and not one beside it.
_NOBODYS = "psrebind-asks-for-the-wildcard"


@dataclass(frozen=True, kw_only=True)
class Iis(Service[Binding, IisBindings]):
    """HTTPS bindings; the state of a case, a step or a file is their http.sys record."""

    def read(self, body: Body) -> IisBindings:
        """The bindings joined with their records."""
        return GetIisBinding().bindings(body)

    def cases(self, observation: Observation, renewal: Renewal, history: History) -> Iterable[Case]:
        """The bindings of each record that has the old certificate or was left unfinished."""
        found: dict[Hashable, tuple[Record, str | None, list[Binding]]] = {}
        reading = self.reading(observation)
        for binding in reading.bindings:
            record, repair = wanted(binding, renewal, history)
            # A CCS record has no thumbprint: it is never met here.
            is_old = binding.thumbprint == renewal.old
            is_undone = repair and binding.thumbprint in (None, renewal.new)
            if record and (is_old or is_undone):
                found.setdefault(binding_key(binding), (record, repair, []))[2].append(binding)
        for record, repair, bindings in found.values():
            # The store is spelled as the record has it; without a name it is My.
            store = record.store or "My"
            findings = tuple(record_findings(record, reading.services))
            places = tuple(bindings)
            yield Case(observation, renewal, places, store, record.name, record, findings, repair)

    def change(self, case: Case, place: Binding) -> SetIisBinding:
        """The change of the record by its first binding."""
        record: Record = case.state
        return SetIisBinding(
            site=place.site,
            information=place.information,
            kind=record.kind,
            # As the registry spells it: an international name may stand there in either form.
            endpoint=record.endpoint,
            expected=place.thumbprint,
            thumbprint=case.renewal.new,
            store=case.store,
            options=netsh_options(record),
            values=registry_values(record) if case.repair else None,
        )

    def columns(self, place: Binding) -> tuple[str, str]:
        """The site and the binding's ip:port:host."""
        return place.site, place.information

    def client_name(self, place: Binding) -> str:
        """The binding's host name."""
        return place.information.host

    def endpoint(self, place: Binding, address: str) -> Endpoint:
        """The binding's own address and port, and its name."""
        information = place.information
        own = address if information.any_address else information.ip.strip("[]")
        return Endpoint(own, information.port, _asked_for(place))

    def shadows(
        self, observation: Observation, places: Sequence[Binding]
    ) -> Sequence[Sequence[Shadow]]:
        """The records of exact addresses that may answer in the place of each binding."""
        found = self.reading(observation).shadows(places)
        return [
            [Shadow(one.name, _endpoint_at(place, one)) for one in records]
            for place, records in zip(places, found, strict=True)
        ]

    def notes(self, observation: Observation, renewal: Renewal) -> Iterator[Note]:
        """What a person should know of the bindings."""
        return binding_notes(observation, self.reading(observation), renewal)

    def plan_by_windows(self, cases: Iterable[Case], renewal: Renewal) -> Plan:
        """The plan by appcmd, which passes over what its store lacks."""
        every = list(cases)
        skipped = tuple(
            Skipped(place, reason)
            for case in every
            if (reason := case.absent)
            for place in case.places
        )
        there = self.plan(case for case in every if not case.absent)
        return replace(by_appcmd(there, renewal), skipped=skipped)

    def judge(self, order: Order, row: Any) -> Sequence[Judgement]:
        """The record after the change, compared with what was wanted and with what it was."""
        if isinstance(order.operation, InvokeIisRenewal):
            return judge_appcmd(order, row)
        (step,) = order.steps
        after: RawRecord = row.after
        lost = options_lost(step, row.before, after, row.lost)
        return [Judgement(step, row.changed, lost, misfit(step, after))]

    def identity(self, place: Binding) -> Hashable:
        """The site by its number: a name may change, and say nothing of the binding."""
        return place.site_id, place.information

    def difference(self, before: Binding, now: Binding) -> str | None:
        """Flags that a change must not touch."""
        if now.flags == before.flags:
            return None
        return f"had sslFlags {before.flags} and has {now.flags}"

    def key(self, raw: Mapping[str, Any]) -> Hashable:
        """The record's name in one spelling."""
        return record_key(RecordKind(raw["kind"]), str(raw["endpoint"]))

    def restored(self, raw: Mapping[str, Any]) -> Record:
        """The record."""
        thumbprint = raw["thumbprint"]
        return Record(
            kind=RecordKind(raw["kind"]),
            endpoint=str(raw["endpoint"]),
            thumbprint=Thumbprint(thumbprint) if thumbprint else None,
            store=raw["store"],
            application_id=raw["application_id"],
            values=dict(raw["values"]),
        )

    def unfinished(
        self, observation: Observation, history: History
    ) -> Iterator[tuple[Place, Kept]]:
        """The bindings whose record is gone or lost options in a change that did not end well."""
        for binding in self.reading(observation).bindings:
            kept = kept_record(binding, history)
            if kept is None or kept.ended:
                continue
            if binding.record is None or options_lost_since(kept, binding.record):
                yield binding, kept


def _endpoint_at(binding: Binding, record: Record) -> Endpoint:
    """The endpoint of a binding at the exact address of another record."""
    address, _, port = record.endpoint.rpartition(":")
    return Endpoint(address.strip("[]"), int(port), _asked_for(binding))


def _asked_for(binding: Binding) -> str | None:
    name = a_label(binding.information.host)
    # A client never asks for a star. A likely name below it may have a record of its own.
    name = f"{_NOBODYS}.{name.removeprefix('*.')}" if name.startswith("*.") else name
    return name if name and not is_address(name) else None


SERVICE = Iis(
    name=SERVICE_NAME,
    noun="binding",
    exact_noun="HTTPS binding",
    query=GetIisBinding(),
    store_owner="its record",
    settle="settle that one, or give each a record by SNI",
    state_name="record",
    key_fields=("kind", "endpoint"),
)
