"""What the listings show of the model: a binding beside its certificate, on one line.

Pure: rows in, lines out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psrebind.decode.iis_settings import FtpCertificate
from psrebind.model import (
    Binding,
    Certificate,
    Record,
    RecordKind,
    Thumbprint,
    UnreadableBinding,
    UnreadableCertificate,
    held,
)
from psrebind.operations.get_host import Host
from psrebind.operations.get_iis_binding import IisBindings

# What a record means that names no store.
MY = "My"
# What a table shows in place of a store where files on a share serve.
CENTRAL = "central store"


@dataclass(frozen=True)
class BindingLine:
    """One binding and its certificate; a record without a binding has no site."""

    site: str | None
    site_id: int | None
    binding: str | None
    state: str | None
    flags: int | None
    thumbprint: Thumbprint | None
    store: str | None
    common_name: str | None
    not_after: datetime | None
    problems: tuple[str, ...]
    record: Record | None


@dataclass(frozen=True)
class Stored:
    """What the stores of a host hold, and what they are judged by: its own clock."""

    certificates: Sequence[Certificate | UnreadableCertificate]
    stores: Sequence[str]
    clock: datetime

    def find(self, record: Record) -> Certificate | UnreadableCertificate | None:
        """The certificate that a record names, if its store has it."""
        return held(self.certificates, record.store or MY, record.thumbprint or "")

    def were_read(self, record: Record) -> bool:
        """Whether the store that a record names is among those that were read."""
        return (record.store or MY).casefold() in {store.casefold() for store in self.stores}


def binding_lines(found: IisBindings, stored: Stored | None) -> list[BindingLine]:
    """The bindings, the certificates of FTP, then the records that belong to none; without the
    stores they say less."""
    lines = [_line(binding, binding.record, stored) for binding in found.bindings]
    lines += [_line(binding, None, stored) for binding in found.unreadable]
    lines += [_ftp_line(one, stored) for one in found.ftp]
    return lines + [_line(None, record, stored) for record in found.strays]


def _line(
    binding: Binding | UnreadableBinding | None, record: Record | None, stored: Stored | None
) -> BindingLine:
    entry = stored.find(record) if stored and record else None
    certificate = entry if isinstance(entry, Certificate) else None
    return BindingLine(
        site=binding.site if binding else None,
        site_id=binding.site_id if binding else None,
        binding=binding.information if binding else None,
        state=binding.state if binding else None,
        flags=binding.flags if binding else None,
        thumbprint=record.thumbprint if record else None,
        store=record.store if record and not _central(record) else None,
        common_name=certificate.common_name if certificate else None,
        not_after=certificate.not_after if certificate else None,
        problems=(*_odd(binding, record), *_certificate_problems(record, stored)),
        record=record,
    )


def _ftp_line(found: FtpCertificate, stored: Stored | None) -> BindingLine:
    # What a record with that certificate would say, of a place that has none.
    record = Record(RecordKind.IP, "", found.thumbprint, found.store, None)
    odd = () if found.thumbprint else ("its certificate hash is none",)
    return replace(
        _line(None, record, stored),
        site=found.site,
        site_id=found.site_id,
        binding=f"ftp {found.information or 'siteDefaults'}",
        problems=(*odd, *_certificate_problems(record, stored)),
        record=None,
    )


def _certificate_problems(record: Record | None, stored: Stored | None) -> Iterable[str]:
    """What is wrong with the certificate that a record names: replaced, expired, gone, keyless."""
    if record is None or record.thumbprint is None or stored is None:
        return
    entry = stored.find(record)
    if isinstance(entry, UnreadableCertificate):
        yield f"the certificate cannot be read: {entry.reason}"
    elif entry is None:
        if stored.were_read(record):
            yield f"the certificate is not in the store {record.store or MY}"
    else:
        if entry.renewed_by:
            yield f"the certificate was replaced by {entry.renewed_by[:8]}…"
        if entry.not_after < stored.clock:
            yield f"the certificate expired {_day(entry.not_after)}"
        if not entry.key_linked:
            yield "the certificate has no private key"


def _odd(binding: Binding | UnreadableBinding | None, record: Record | None) -> tuple[str, ...]:
    if isinstance(binding, Binding):
        return binding.problems
    if binding:
        return (binding.reason,)
    place = f"{record.kind}={record.endpoint}" if record else ""
    return (f"the http.sys record {place} belongs to no binding",)


def _central(record: Record | None) -> bool:
    return record is not None and record.kind is RecordKind.CCS


def binding_row(line: BindingLine) -> dict[str, str | list[str] | None]:
    """A binding for a table: only what a person acts on."""
    state = line.state or "Started"
    stopped = [] if state == "Started" else [f"the site is {state}"]
    return {
        "site": line.site,
        "binding": line.binding,
        "thumbprint": line.thumbprint,
        "store": CENTRAL if _central(line.record) else line.store,
        "expires": _day(line.not_after),
        "problems": [*stopped, *line.problems],
    }


def certificate_row(found: Certificate | UnreadableCertificate) -> dict[str, str | list[str]]:
    """A certificate for a table: only what a person acts on."""
    row: dict[str, str | list[str]] = {"store": found.store, "thumbprint": found.thumbprint}
    if isinstance(found, UnreadableCertificate):
        return row | {"notes": f"unreadable: {found.reason}"}
    notes = [] if found.key_linked else ["no private key"]
    notes += ["archived"] if found.archived else []
    notes += [f"renewed by {found.renewed_by[:8]}…"] if found.renewed_by else []
    names = [*found.dns_names, *found.ip_addresses]
    return row | {
        "expires": _day(found.not_after) or "",
        "names": names or [found.common_name or found.subject],
        "notes": notes,
    }


def host_row(found: Host) -> dict[str, str | list[str] | None]:
    """A host for a table of many: what it is in short, and what it lacks."""
    return {
        "name": found.name,
        "windows": found.windows,
        "build": found.build,
        "powershell": found.powershell,
        "iis": found.iis,
        "lacks": list(found.lacks),
    }


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None
