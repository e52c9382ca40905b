"""IIS bindings joined with http.sys records: which record answers, and what is odd about it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from psrebind.decode.iis_settings import (
    FtpCertificate,
    LegacyHash,
    RawFtpBinding,
    RawFtpCertificate,
    RawLegacyHash,
    ftp_certificates,
    legacy_hashes,
    site_number,
)
from psrebind.decode.names import a_label
from psrebind.decode.owners import owner
from psrebind.decode.records import RawRecord
from psrebind.errors import ParameterError
from psrebind.iis_model import Binding, BindingInfo, Record, RecordKind, SslFlags, UnreadableBinding
from psrebind.problems import Problem, ProblemKind


@dataclass(frozen=True)
class RawSite:
    """A site as Get-Website shows it."""

    id: int
    name: str
    state: str


@dataclass(frozen=True)
class RawBinding:
    """A binding as Get-WebBinding shows it: ``path`` is its ItemXPath."""

    path: str
    information: str
    flags: int


@dataclass(frozen=True)
class IisState:
    """One row of get_iis_binding: everything it read, unjoined; ``services`` are those of
    owners.SERVICES that the host has."""

    sites: tuple[RawSite, ...]
    bindings: tuple[RawBinding, ...]
    records: tuple[RawRecord, ...]
    services: tuple[str, ...] = ()
    legacy: tuple[RawLegacyHash, ...] = ()
    ftp: tuple[RawFtpCertificate, ...] = ()
    ftp_bindings: tuple[RawFtpBinding, ...] = ()


@dataclass(frozen=True)
class IisBindings:
    """The bindings with their records, the records without a binding, and unreadable bindings.

    ``services`` are those of the host that own records, by owners.SERVICES.
    """

    bindings: tuple[Binding, ...]
    orphan_records: tuple[Record, ...]
    unreadable: tuple[UnreadableBinding, ...] = ()
    services: tuple[str, ...] = ()
    legacy: tuple[LegacyHash, ...] = ()
    ftp: tuple[FtpCertificate, ...] = ()

    @property
    def places(self) -> tuple[Binding, ...]:
        """The places that can be rebound."""
        return self.bindings

    @property
    def untouched(self) -> tuple[Record | FtpCertificate, ...]:
        """The places that no plan changes."""
        return (*self.orphan_records, *self.ftp)

    def shadows(self, bindings: Iterable[Binding]) -> tuple[tuple[Record, ...], ...]:
        """For each binding, the records of exact addresses that may answer there in its place."""
        own = {id(one.record): one.record for one in self.bindings if one.record}
        around = _Surroundings.of((*own.values(), *self.orphan_records), self.orphan_records)
        return tuple(tuple(_shadows(binding, around)) for binding in bindings)


def join_records(state: IisState) -> IisBindings:
    """Give each binding its record and its problems; list the records without a binding."""
    records = tuple(raw.record for raw in state.records)
    by_name = {record_key(record.kind, record.endpoint): record for record in records}
    sites = {site.id: site for site in state.sites}
    found = [_binding(raw, sites, by_name) for raw in state.bindings]
    bindings = [one for one in found if isinstance(one, Binding)]
    used = {record_key(binding.kind, binding.endpoint) for binding in bindings}
    orphans = tuple(r for r in records if record_key(r.kind, r.endpoint) not in used)
    legacy = legacy_hashes(state.legacy)
    around = replace(_Surroundings.of(records, orphans), services=state.services, legacy=legacy)
    return IisBindings(
        tuple(replace(one, problems=tuple(_problems(one, around))) for one in bindings),
        orphans,
        tuple(one for one in found if isinstance(one, UnreadableBinding)),
        state.services,
        legacy,
        ftp_certificates(state.ftp, state.ftp_bindings, {one.id: one.name for one in state.sites}),
    )


def record_key(kind: RecordKind, endpoint: str) -> tuple[RecordKind, str]:
    """A record's name for comparison: A-labels in lower case, addresses in one spelling; CCS
    records by their port alone.
    """
    name, _, port = endpoint.rpartition(":")
    if kind is RecordKind.CCS:
        return kind, port
    return kind, f"{_address(name) if kind is RecordKind.IP else a_label(name)}:{port}"


def _address(text: str) -> str:
    """An address in its one spelling, its zone kept; http.sys and IIS write IPv6 differently."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return text.lower()


def _binding(
    raw: RawBinding, sites: dict[int, RawSite], records: dict[tuple[RecordKind, str], Record]
) -> Binding | UnreadableBinding:
    number = site_number(raw.path)
    site = sites.get(number, RawSite(number, raw.path, "Unknown"))
    try:
        if "\0" in site.name:
            raise ParameterError("the site has a NUL in its name, which nothing can be asked by")
        information = BindingInfo(raw.information)
    except ParameterError as error:
        # Not the user's input: the host said it, and its other bindings are none the worse.
        return UnreadableBinding(
            site.name, number, site.state, raw.information, raw.flags, str(error)
        )
    bare = Binding(site.name, number, site.state, information, raw.flags, None)
    record = records.get(record_key(bare.kind, bare.endpoint))
    return replace(bare, record=record)


@dataclass(frozen=True)
class _Surroundings:
    """What a binding's problems depend on beside its record: the records of exact addresses, those
    of them that no binding has, the host's services, and what IIS 6 left."""

    exact: tuple[Record, ...]
    orphans: tuple[Record, ...]
    services: tuple[str, ...] = ()
    legacy: tuple[LegacyHash, ...] = ()

    @classmethod
    def of(cls, records: Iterable[Record], orphans: Iterable[Record]) -> Self:
        """Keep the records of exact addresses, which may answer in another's place."""
        return cls(tuple(filter(_is_exact, records)), tuple(filter(_is_exact, orphans)))


def _problems(binding: Binding, around: _Surroundings) -> Iterator[Problem]:
    record = binding.record
    if record is None:
        sentence = f"no http.sys record {binding.kind}={binding.endpoint}"
        yield Problem(ProblemKind.NO_RECORD, sentence)
    elif record.thumbprint is None and record.kind is not RecordKind.CCS:
        sentence = f"the http.sys record {binding.kind}={binding.endpoint} has no certificate"
        yield Problem(ProblemKind.NO_CERTIFICATE, sentence)
    if record and (found := owner(record, around.services)):
        sentence = f"the record belongs to {found.name}, whose service is on the host"
        yield Problem(ProblemKind.OTHER_PROGRAM, sentence)
    for one in around.legacy:
        if one.concerns(binding.site_id):
            yield Problem(ProblemKind.LEGACY_HASH, one.problem)
    if binding.flags & SslFlags.SNI and not binding.information.host:
        yield Problem(ProblemKind.NO_HOST_NAME, "SNI is on without a host name")
    others = [one for one in _shadows(binding, around) if one.thumbprint != binding.thumbprint]
    if others:
        names = ", ".join(one.name for one in others)
        shadow = f"the record{'s' * (len(others) > 1)} {names}"
        if binding.kind is RecordKind.SNI:
            sentence = f"{shadow} may answer in its place"
        else:
            sentence = f"{shadow} answers there in its place, and no binding has it"
        yield Problem(ProblemKind.SHADOWED, sentence)


def _is_exact(record: Record) -> bool:
    address = _address(record.endpoint.rpartition(":")[0])
    return record.kind is RecordKind.IP and address not in ("0.0.0.0", "::")


def _shadows(binding: Binding, around: _Surroundings) -> Iterator[Record]:
    """The records of exact addresses of the binding's socket.

    Those of all addresses come after SNI records (docs/windows.md), and are no shadows. Without
    SNI one that a binding owns is that binding's business.
    """
    if binding.kind is RecordKind.CCS:
        return
    mine = binding.information
    for record in around.exact if binding.kind is RecordKind.SNI else around.orphans:
        address, _, port = record.endpoint.rpartition(":")
        if port != str(mine.port) or record is binding.record:
            continue
        # [::] is every address of IPv6 alone.
        everywhere = mine.any_address and (not mine.ip.startswith("[") or address.startswith("["))
        if everywhere or _address(address) == _address(mine.ip):
            yield record
