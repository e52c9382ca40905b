"""Bindings, certificates and hosts as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psrebind.decode.names import certificate_name
from psrebind.iis_model import RecordKind
from psrebind.model import Certificate, UnreadableCertificate
from psrebind.phrase import Name, Phrase, name_certificate
from psrebind.problems import rank_problems

if TYPE_CHECKING:
    from psrebind.operations.get_host import Host
    from psrebind.services.iis_bindings import BindingLine

# What a table shows in place of a store where files on a share serve.
_CENTRAL = "central store"


def binding_row(line: BindingLine) -> dict[str, Any]:
    """A binding for a table: only what a person acts on, and that in words."""
    return {
        "site": Phrase(Name(line.site)) if line.site else None,
        "binding": line.binding or _record_name(line),
        "certificate": _bound(line),
        "days": line.days_left,
        "problems": list(line.kinds),
    }


def wide_binding_row(line: BindingLine) -> dict[str, Any]:
    """A binding for a table that may be wide: each problem's own sentence too."""
    store = _CENTRAL if _is_central(line) else line.store
    more = {"store": store, "expires": _day(line.not_after), "details": list(line.problems)}
    return binding_row(line) | more


def rank_row(row: Mapping[str, Any]) -> tuple[int, int]:
    """What the rows of a table are sorted by, the worst first."""
    return rank_problems(row.get("problems") or (), row.get("days"))


def _record_name(line: BindingLine) -> str:
    return f"{line.record.kind}={line.record.endpoint}" if line.record else ""


def _is_central(line: BindingLine) -> bool:
    return line.record is not None and line.record.kind is RecordKind.CCS


def _bound(line: BindingLine) -> Phrase | None:
    if line.thumbprint is None:
        return Phrase(_CENTRAL) if _is_central(line) else None
    return name_certificate(line.name, line.thumbprint)


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
        "certificate": name_certificate(name, found.thumbprint),
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
