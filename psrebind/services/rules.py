"""The rules that refuse a rebind, and those of them that every certificate meets.

What is unknown never refuses.
Each reason is one sentence: what is wrong, and after the colon what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from psrebind.decode.coverage import lost_names
from psrebind.model import Certificate, UnreadableCertificate

_SERVER_USAGES = {"1.3.6.1.5.5.7.3.1", "2.5.29.37.0"}


class Rule(StrEnum):
    """Why a place is left alone; the names are stable."""

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
