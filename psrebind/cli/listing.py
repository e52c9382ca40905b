"""What the listings show of the model: a binding beside its certificate, on one line.

Pure: rows in, lines out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psrebind.cli.phrases import Name, Phrase, certificate
from psrebind.cli.problem_words import badness
from psrebind.decode.iis_settings import FtpCertificate
from psrebind.decode.names import certificate_name
from psrebind.model import (
    Binding,
    Certificate,
    Record,
    RecordKind,
    Thumbprint,
    UnreadableBinding,
    UnreadableCertificate,
    find_certificate,
)
from psrebind.operations.get_host import Host
from psrebind.operations.get_iis_binding import IisBindings
from psrebind.problems import Problem, ProblemKind

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
    name: str | None
    not_after: datetime | None
    days_left: int | None
    problems: tuple[Problem, ...]
    kinds: tuple[ProblemKind, ...]
    record: Record | None


@dataclass(frozen=True)
class Stored:
    """What the stores of a host hold, and what they are judged by: its own clock."""

    certificates: Sequence[Certificate | UnreadableCertificate]
    stores: Sequence[str]
    clock: datetime

    def find(self, record: Record) -> Certificate | UnreadableCertificate | None:
        """The certificate that a record names, if its store has it."""
        return find_certificate(self.certificates, record.store or MY, record.thumbprint or "")

    def were_read(self, record: Record) -> bool:
        """Whether the store that a record names is among those that were read."""
        return (record.store or MY).casefold() in {store.casefold() for store in self.stores}


def binding_lines(found: IisBindings, stored: Stored | None) -> list[BindingLine]:
    """The bindings, the certificates of FTP, then the records that belong to none; without the
    stores they say less."""
    lines = [_line(binding, binding.record, stored) for binding in found.bindings]
    lines += [_line(binding, None, stored) for binding in found.unreadable]
    lines += [_ftp_line(one, stored) for one in found.ftp]
    return lines + [_line(None, record, stored) for record in found.orphan_records]


def _line(
    binding: Binding | UnreadableBinding | None, record: Record | None, stored: Stored | None
) -> BindingLine:
    entry = stored.find(record) if stored and record else None
    certificate = entry if isinstance(entry, Certificate) else None
    problems = (
        *_stopped(binding),
        *_odd(binding, record),
        *_certificate_problems(record, stored),
    )
    return BindingLine(
        site=binding.site if binding else None,
        site_id=binding.site_id if binding else None,
        binding=binding.information if binding else None,
        state=binding.state if binding else None,
        flags=binding.flags if binding else None,
        thumbprint=record.thumbprint if record else None,
        store=record.store if record and not _central(record) else None,
        common_name=certificate.common_name if certificate else None,
        name=certificate_name(certificate) if certificate else None,
        not_after=certificate.not_after if certificate else None,
        days_left=(certificate.not_after - stored.clock).days if certificate and stored else None,
        problems=problems,
        kinds=tuple(dict.fromkeys(one.kind for one in problems)),
        record=record,
    )


def _ftp_line(found: FtpCertificate, stored: Stored | None) -> BindingLine:
    # What a record with that certificate would say, of a place that has none.
    record = Record(RecordKind.IP, "", found.thumbprint, found.store, None)
    odd: tuple[Problem, ...] = ()
    if not found.thumbprint:
        odd = (Problem(ProblemKind.NO_CERTIFICATE, "its certificate hash is none"),)
    return replace(
        _line(None, record, stored),
        site=found.site,
        site_id=found.site_id,
        binding=f"ftp {found.information or 'siteDefaults'}",
        problems=(*odd, *_certificate_problems(record, stored)),
        record=None,
    )


def _certificate_problems(record: Record | None, stored: Stored | None) -> Iterable[Problem]:
    """What is wrong with the certificate that a record names: replaced, expired, gone, keyless."""
    if record is None or record.thumbprint is None or stored is None:
        return
    entry = stored.find(record)
    if isinstance(entry, UnreadableCertificate):
        sentence = f"the certificate cannot be read: {entry.reason}"
        yield Problem(ProblemKind.UNREADABLE, sentence)
    elif entry is None:
        if stored.were_read(record):
            sentence = f"the certificate is not in the store {record.store or MY}"
            yield Problem(ProblemKind.NOT_IN_STORE, sentence)
    else:
        if entry.renewed_by:
            sentence = f"the certificate was replaced by {entry.renewed_by}"
            yield Problem(ProblemKind.REPLACED, sentence)
        if entry.not_after < stored.clock:
            yield Problem(ProblemKind.EXPIRED, f"the certificate expired {_day(entry.not_after)}")
        if not entry.key_linked:
            yield Problem(ProblemKind.NO_KEY, "the certificate has no private key")


def _stopped(binding: Binding | UnreadableBinding | None) -> Iterable[Problem]:
    if binding and binding.state != "Started":
        yield Problem(ProblemKind.STOPPED, f"the site is {binding.state}")


def _odd(binding: Binding | UnreadableBinding | None, record: Record | None) -> tuple[Problem, ...]:
    if isinstance(binding, Binding):
        return binding.problems
    if binding:
        return (Problem(ProblemKind.UNREADABLE, binding.reason),)
    sentence = f"the http.sys record {_place(record)} belongs to no binding"
    return (Problem(ProblemKind.NO_BINDING, sentence),)


def _place(record: Record | None) -> str:
    return f"{record.kind}={record.endpoint}" if record else ""


def _central(record: Record | None) -> bool:
    return record is not None and record.kind is RecordKind.CCS


def binding_row(line: BindingLine) -> dict[str, Any]:
    """A binding for a table: only what a person acts on, and that in words."""
    return {
        "site": Phrase(Name(line.site)) if line.site else None,
        "binding": line.binding or _place(line.record),
        "certificate": _bound(line),
        "days": line.days_left,
        "problems": list(line.kinds),
    }


def wide_binding_row(line: BindingLine) -> dict[str, Any]:
    """A binding for a table that may be wide: each problem's own sentence too."""
    store = CENTRAL if _central(line.record) else line.store
    more = {"store": store, "expires": _day(line.not_after), "details": list(line.problems)}
    return binding_row(line) | more


def worst_first(lines: Iterable[BindingLine]) -> list[BindingLine]:
    """The lines by their worst problem, then by the days that are left."""
    return sorted(lines, key=lambda line: badness(line.kinds, line.days_left))


def row_badness(row: Mapping[str, Any]) -> tuple[int, int]:
    """The same of a table's row."""
    return badness(row.get("problems") or (), row.get("days"))


def _bound(line: BindingLine) -> Phrase | None:
    if line.thumbprint is None:
        return Phrase(CENTRAL) if _central(line.record) else None
    return certificate(line.name, line.thumbprint)


def certificate_row(found: Certificate | UnreadableCertificate) -> dict[str, Any]:
    """A certificate for a table: only what a person acts on."""
    if isinstance(found, UnreadableCertificate):
        named = Phrase(found.thumbprint)
        return {"store": found.store, "certificate": named, "notes": f"unreadable: {found.reason}"}
    notes: list[str] = [] if found.key_linked else ["no private key"]
    notes += ["archived"] if found.archived else []
    notes += [Phrase("renewed by ", found.renewed_by)] if found.renewed_by else []
    name = certificate_name(found)
    names = [one for one in (*found.dns_names, *found.ip_addresses) if one != name]
    return {
        "store": found.store,
        "certificate": certificate(name, found.thumbprint),
        "expires": _day(found.not_after),
        "other_names": names,
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
