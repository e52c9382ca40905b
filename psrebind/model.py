"""Thumbprints, certificates, bindings, records and renewals, as frozen values.

Validated text types are subclasses of ``str`` that check and normalise in ``__new__``, so that
quoting, JSON and comparison need not know them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from psrebind.errors import ParameterError

# What people paste around the digits: blanks, colons, dashes, and the left-to-right mark and its
# kin that the certificate dialog of Windows puts in front (field notes B2, failure 11).
PASTED = re.compile("[\\s:\\-\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_HEX_40 = re.compile(r"[0-9A-F]{40}\Z")

_LONGEST_SHOWN = 80

# The stores of the machine that IIS takes certificates from.
STORES = ("My", "WebHosting")


def shown(text: str) -> str:
    """A text in an error, cut where it is long."""
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} …")


class Thumbprint(str):
    """The SHA-1 hash of a certificate: 40 hex digits, upper case."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Take a thumbprint as people paste it; raise ParameterError for anything else."""
        digits = PASTED.sub("", text).upper()
        if not _HEX_40.match(digits):
            raise ParameterError(f"{shown(text)} is not a thumbprint: 40 hex digits are needed")
        return super().__new__(cls, digits)

    @property
    def short(self) -> str:
        """The first digits, for a sentence that needs no more."""
        return f"{self[:8]}…"


class Secret:
    """A value that is never rendered, logged or printed; it travels as a SecureString."""

    __slots__ = ("_value",)

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """Give the value, for the session alone."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


class Place(Protocol):
    """Where a service of a host holds a certificate by its thumbprint: an IIS binding, say.

    ``service`` is the name of its service, ``name`` says in words which of its places it is.
    """

    @property
    def service(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def store(self) -> str | None: ...

    @property
    def thumbprint(self) -> Thumbprint | None: ...


class UntouchedPlace(Place, Protocol):
    """A place that no plan changes; ``advice`` says what a person does there, if anything."""

    @property
    def advice(self) -> str | None: ...


@dataclass(frozen=True)
class Certificate:
    """One certificate of a store, decoded from its blob (notes B6).

    ``dns_names`` are A-labels in lower case as in the SAN; ``usages`` are OIDs, None without the
    extension; ``template`` is a name or an OID; ``key_linked`` says that a key is named, not that
    it can be used.
    """

    store: str
    thumbprint: Thumbprint
    subject: str
    issuer: str
    serial: str
    common_name: str | None
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    usages: tuple[str, ...] | None
    key_linked: bool
    friendly_name: str | None
    archived: bool
    renewed_by: Thumbprint | None
    template: str | None


@dataclass(frozen=True)
class UnreadableCertificate:
    """A store entry that could not be decoded, and why; never dropped in silence."""

    store: str
    thumbprint: str
    reason: str


def find_certificate(
    entries: Iterable[Certificate | UnreadableCertificate], store: str, thumbprint: str
) -> Certificate | UnreadableCertificate | None:
    """The entry of a certificate in one store; Windows does not tell ``MY`` from ``My``."""
    stored = (one for one in entries if one.store.lower() == store.lower())
    return next((one for one in stored if one.thumbprint.upper() == thumbprint), None)


@dataclass(frozen=True)
class Renewal:
    """Old certificate → new certificate, from an event, the renewal link or the user."""

    old: Thumbprint
    new: Thumbprint

    def __post_init__(self) -> None:
        """Refuse a renewal of a certificate by itself."""
        if self.old == self.new:
            raise ParameterError(f"the old and the new certificate are the same: {self.old}")
