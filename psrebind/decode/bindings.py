"""IIS bindings joined with http.sys records: which record answers, and what is odd about it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from psrebind.decode.names import a_label
from psrebind.decode.records import RawRecord
from psrebind.errors import ParameterError
from psrebind.model import (
    IIS_APPLICATION_ID,
    Binding,
    BindingInfo,
    Record,
    RecordKind,
    SslFlags,
    UnreadableBinding,
)

# The site's id is the last predicate: a name may hold any character, a quote included.
_SITE_ID = re.compile(r"@id=['\"](\d+)['\"]\s*\]")


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
    """One row of get_iis_binding: everything it read, unjoined."""

    sites: tuple[RawSite, ...]
    bindings: tuple[RawBinding, ...]
    records: tuple[RawRecord, ...]


@dataclass(frozen=True)
class IisBindings:
    """Bindings joined with their records; the records that no binding has; what is no binding."""

    bindings: tuple[Binding, ...]
    strays: tuple[Record, ...]
    unreadable: tuple[UnreadableBinding, ...] = ()


def joined(state: IisState) -> IisBindings:
    """Give each binding its record and its problems, and apart what belongs to none."""
    records = tuple(raw.record for raw in state.records)
    by_name = {record_key(record.kind, record.endpoint): record for record in records}
    sites = {site.id: site for site in state.sites}
    found = [_binding(raw, sites, by_name) for raw in state.bindings]
    bindings = [one for one in found if isinstance(one, Binding)]
    used = {record_key(binding.kind, binding.endpoint) for binding in bindings}
    strays = tuple(r for r in records if record_key(r.kind, r.endpoint) not in used)
    return IisBindings(
        tuple(replace(one, problems=tuple(_problems(one, records, strays))) for one in bindings),
        strays,
        tuple(one for one in found if isinstance(one, UnreadableBinding)),
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
    numbers = _SITE_ID.findall(raw.path)
    number = int(numbers[-1]) if numbers else 0
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


def _problems(
    binding: Binding, records: tuple[Record, ...], strays: tuple[Record, ...]
) -> Iterator[str]:
    record = binding.record
    if record is None:
        yield f"no http.sys record {binding.kind}={binding.endpoint}"
    elif record.thumbprint is None and record.kind is not RecordKind.CCS:
        yield f"the http.sys record {binding.kind}={binding.endpoint} has no certificate"
    if record and record.application_id not in (None, IIS_APPLICATION_ID):
        yield f"the record belongs to another program: appid {record.application_id}"
    if binding.flags & SslFlags.SNI and not binding.information.host:
        yield "SNI is on without a host name"
    if binding.kind is RecordKind.SNI and (found := _shadows(binding, records)):
        yield f"{found} may answer in its place"
    # The most fitting address answers first; one that a binding owns is that binding's business.
    if binding.kind is RecordKind.IP and (found := _shadows(binding, strays)):
        yield f"{found} answers there in its place, and no binding has it"


def _shadows(binding: Binding, records: tuple[Record, ...]) -> str:
    """The records of exact addresses of the binding's socket with another certificate.

    Those of all addresses come after SNI records (docs/windows.md), and are no shadows.
    """
    found = []
    for record in records:
        address, _, port = record.endpoint.rpartition(":")
        if record.kind is not RecordKind.IP or port != str(binding.information.port):
            continue
        if record is binding.record or address in ("0.0.0.0", "[::]"):
            continue
        same = _address(address) == _address(binding.information.ip)
        if (same or binding.information.any_address) and record.thumbprint != binding.thumbprint:
            found.append(f"{record.kind}={record.endpoint}")
    return f"the record{'s' * (len(found) > 1)} {', '.join(found)}" if found else ""
