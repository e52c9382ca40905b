"""What the listings show of the model: a binding beside its certificate, on one line.

Pure: rows in, lines out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psrebind.model import Binding, Certificate, Record, Thumbprint, UnreadableCertificate
from psrebind.operations.get_host import Host
from psrebind.operations.get_iis_binding import IisBindings


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


def binding_lines(
    found: IisBindings, certificates: Sequence[Certificate | UnreadableCertificate]
) -> list[BindingLine]:
    """The bindings, then the records that belong to none."""
    known = {
        (one.store.lower(), one.thumbprint): one
        for one in certificates
        if isinstance(one, Certificate)
    }
    lines = [_line(binding, binding.record, known) for binding in found.bindings]
    return lines + [_line(None, record, known) for record in found.strays]


def _line(
    binding: Binding | None,
    record: Record | None,
    known: dict[tuple[str, Thumbprint], Certificate],
) -> BindingLine:
    thumbprint = record.thumbprint if record else None
    store = record.store if record else None
    certificate = known.get(((store or "").lower(), thumbprint)) if thumbprint else None
    return BindingLine(
        site=binding.site if binding else None,
        site_id=binding.site_id if binding else None,
        binding=binding.information if binding else None,
        state=binding.state if binding else None,
        flags=binding.flags if binding else None,
        thumbprint=thumbprint,
        store=store,
        common_name=certificate.common_name if certificate else None,
        not_after=certificate.not_after if certificate else None,
        problems=binding.problems if binding else tuple(_stray(record)),
        record=record,
    )


def _stray(record: Record | None) -> Iterable[str]:
    if record:
        yield f"the http.sys record {record.kind}={record.endpoint} belongs to no binding"


def binding_row(line: BindingLine) -> dict[str, str | list[str] | None]:
    """A binding for a table: only what a person acts on."""
    state = line.state or "Started"
    stopped = [] if state == "Started" else [f"the site is {state}"]
    return {
        "site": line.site,
        "binding": line.binding,
        "thumbprint": line.thumbprint,
        "store": line.store,
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
