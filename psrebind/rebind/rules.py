"""The rules that refuse a rebind, by their names. Pure; what is unknown never refuses.

Each reason is one sentence: what is wrong, and after the colon what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psrebind.decode.owners import owner
from psrebind.decode.records import unknown_options
from psrebind.model import (
    Binding,
    Certificate,
    Record,
    Renewal,
    UnreadableCertificate,
)
from psrebind.rebind.coverage import lost_names
from psrebind.rebind.observe import Observation

_SERVER_USAGES = {"1.3.6.1.5.5.7.3.1", "2.5.29.37.0"}


class Rule(StrEnum):
    """Why a binding is left alone; the names are stable."""

    NOT_IN_STORE = "not-in-store"
    ARCHIVED = "archived"
    UNREADABLE = "unreadable"
    NO_KEY = "no-key"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    NOT_FOR_SERVERS = "not-for-servers"
    LOSES_NAME = "loses-name"
    SHARED_SOCKET = "shared-socket"
    UNKNOWN_OPTIONS = "unknown-options"
    FOREIGN_RECORD = "foreign-record"
    ALL_OR_NOTHING = "all-or-nothing"


Finding = tuple[Rule, str]


@dataclass(frozen=True)
class Case:
    """One record with the old certificate, and all that was seen around it."""

    observation: Observation
    renewal: Renewal
    record: Record

    @property
    def store(self) -> str:
        """The store that the record names, spelled as there; without a name it is My."""
        return self.record.store or "My"

    @property
    def new(self) -> Certificate | UnreadableCertificate | None:
        """The new certificate in the store that the record needs."""
        return self.observation.stored(self.store, self.renewal.new)

    @property
    def old(self) -> Certificate | None:
        """A readable copy of the old certificate; which store it lies in does not matter."""
        return self.observation.anywhere(self.renewal.old)

    @property
    def absent(self) -> str | None:
        """Why the new certificate is surely not in the store; None if it is, or nobody looked.

        An archived one is there, and appcmd finds it by its hash (docs/windows.md).
        """
        if self.new is not None or not self.store_was_read:
            return None
        copy = self.observation.anywhere(self.renewal.new)
        place = f" (but in {copy.store})" if copy else ""
        return (
            f"{self.renewal.new} is not in the store {self.store}{place}: "
            "import it there, with its key"
        )

    @property
    def store_was_read(self) -> bool:
        """Whether the observation has the store that the record names."""
        return self.store.lower() in {store.lower() for store in self.observation.stores}


def record_findings(case: Case) -> Iterator[Finding]:
    """What speaks against a new certificate for the whole record."""
    yield from _about_record(case.record, case.observation.bindings.services)
    yield from _about_entry(case)
    if new := _readable(case):
        yield from certificate_findings(new, case.observation.clock)


def binding_findings(case: Case, binding: Binding) -> Iterator[Finding]:
    """What speaks against it for one of the record's bindings."""
    old, new = case.old, _readable(case)
    if old and new:
        yield from name_findings(old, new, binding.information.host)


def name_findings(old: Certificate, new: Certificate, host: str) -> Iterator[Finding]:
    """What clients of a host name, or of any, would miss in the new certificate."""
    if lost := lost_names(old, new, host):
        yield (
            Rule.LOSES_NAME,
            (
                f"the new certificate does not have {', '.join(lost)}, which the old one has: "
                "get one with the name, or remove the binding if nobody needs it"
            ),
        )


def shared_finding(record: Record, refused: Binding) -> Finding:
    """The refusal of a binding whose record another one, refused itself, shares."""
    return Rule.SHARED_SOCKET, (
        f"it shares the record {record.kind}={record.endpoint} with {refused.information} of "
        f"{refused.site}, which is refused: settle that one, or give each a record by SNI"
    )


def _readable(case: Case) -> Certificate | None:
    return (
        case.new
        if isinstance(case.new, Certificate)
        else (case.observation.anywhere(case.renewal.new))
    )


def _about_entry(case: Case) -> Iterator[Finding]:
    new, store = case.new, case.store
    if reason := case.absent:
        yield Rule.NOT_IN_STORE, reason
    elif new is None:
        reason = f"its record names the store {store}, which psrebind does not read: "
        yield Rule.NOT_IN_STORE, f"{reason}rebind it by hand"
    else:
        yield from entry_findings(new, store)


def entry_findings(new: Certificate | UnreadableCertificate, store: str) -> Iterator[Finding]:
    """What speaks against a new certificate as it lies in a store."""
    thumbprint = new.thumbprint
    if isinstance(new, UnreadableCertificate):
        reason = f"{thumbprint} in the store {store} cannot be read ({new.reason}): "
        yield Rule.UNREADABLE, f"{reason}import it again"
    else:
        if new.archived:
            reason = f"{thumbprint} is archived in the store {store}: somebody retired it, so "
            yield Rule.ARCHIVED, f"{reason}import it again, or clear its property Archived"
        if not new.key_linked:
            reason = f"{thumbprint} in the store {store} has no private key: import it with its "
            yield Rule.NO_KEY, f"{reason}key, or run certutil -repairstore {store} {thumbprint}"


def _about_record(record: Record, services: Collection[str]) -> Iterator[Finding]:
    if found := owner(record, services):
        yield (
            Rule.FOREIGN_RECORD,
            (
                f"the record {record.kind}={record.endpoint} belongs to {found.name}, whose "
                f"service {found.service} is on the host: rebind it with that program's own means"
            ),
        )
    if unknown := unknown_options(record):
        yield (
            Rule.UNKNOWN_OPTIONS,
            (
                f"the record {record.kind}={record.endpoint} has {', '.join(unknown)}, which "
                "psrebind could not put back: rebind it by hand"
            ),
        )


def may_serve(certificate: Certificate) -> bool:
    """Whether its usages, if it has any, let it serve."""
    return certificate.usages is None or bool(_SERVER_USAGES.intersection(certificate.usages))


def certificate_findings(new: Certificate, clock: datetime) -> Iterator[Finding]:
    """What speaks against a new certificate wherever it lies."""
    now = f"and the host's clock says {_shown(clock)}"
    if clock < new.not_before:
        reason = f"{new.thumbprint} is valid from {_shown(new.not_before)}, {now}: "
        yield Rule.NOT_YET_VALID, f"{reason}wait, or set the clock"
    if clock > new.not_after:
        reason = f"{new.thumbprint} expired {_shown(new.not_after)}, {now}: "
        yield Rule.EXPIRED, f"{reason}renew it, or set the clock"
    if not may_serve(new):
        usages = ", ".join(new.usages or ())
        reason = f"{new.thumbprint} may not serve (its usages are {usages}): "
        yield Rule.NOT_FOR_SERVERS, f"{reason}get one for server authentication"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
