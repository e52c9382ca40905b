"""What is wrong with the bindings of a host and their certificates, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psrebind.decode.iis_settings import FtpCertificate
from psrebind.decode.names import certificate_name
from psrebind.iis_model import Binding, Record, RecordKind, UnreadableBinding
from psrebind.model import Certificate, Thumbprint, UnreadableCertificate, find_certificate
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_iis_binding import GetIisBinding, IisBindings
from psrebind.operations.runner import ScriptRunner
from psrebind.problems import Problem, ProblemKind

# What a record means that names no store.
_MY = "My"


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
        return find_certificate(self.certificates, record.store or _MY, record.thumbprint or "")

    def were_read(self, record: Record) -> bool:
        """Whether the store that a record names is among those that were read."""
        return (record.store or _MY).casefold() in {store.casefold() for store in self.stores}


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
        *_own_problems(binding, record),
        *_certificate_problems(record, stored),
    )
    return BindingLine(
        site=binding.site if binding else None,
        site_id=binding.site_id if binding else None,
        binding=binding.information if binding else None,
        state=binding.state if binding else None,
        flags=binding.flags if binding else None,
        thumbprint=record.thumbprint if record else None,
        store=record.store if record and record.kind is not RecordKind.CCS else None,
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
            sentence = f"the certificate is not in the store {record.store or _MY}"
            yield Problem(ProblemKind.NOT_IN_STORE, sentence)
    else:
        if entry.renewed_by:
            sentence = f"the certificate was replaced by {entry.renewed_by}"
            yield Problem(ProblemKind.REPLACED, sentence)
        if entry.not_after < stored.clock:
            yield Problem(
                ProblemKind.EXPIRED, f"the certificate expired {entry.not_after:%Y-%m-%d}"
            )
        if not entry.key_linked:
            yield Problem(ProblemKind.NO_KEY, "the certificate has no private key")


def _own_problems(
    binding: Binding | UnreadableBinding | None, record: Record | None
) -> Iterable[Problem]:
    """What is wrong with a binding beside its certificate, or with a record that has none."""
    if binding and binding.state != "Started":
        yield Problem(ProblemKind.STOPPED, f"the site is {binding.state}")
    if isinstance(binding, Binding):
        yield from binding.problems
    elif binding:
        yield Problem(ProblemKind.UNREADABLE, binding.reason)
    else:
        name = record.name if record else ""
        yield Problem(ProblemKind.NO_BINDING, f"the http.sys record {name} belongs to no binding")


def read_bindings(runner: ScriptRunner) -> list[BindingLine]:
    """A host's bindings beside their certificates; without those they say less."""
    bound, question = GetIisBinding(), GetCertificate()
    reply = runner.run([bound, question])
    found = runner.read(question.result, reply.bodies[1], "the certificates")
    stored = None if found is None else Stored(found, question.stores, reply.clock)
    return binding_lines(bound.bindings(reply.bodies[0]), stored)
