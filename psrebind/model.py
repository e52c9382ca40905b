"""Thumbprints, certificates, bindings, records and renewals, as frozen values.

Validated text types are subclasses of ``str`` that check and normalise in ``__new__``, so that
quoting, JSON and comparison need not know them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from psrebind.errors import ParameterError
from psrebind.problems import Problem

# What people paste around the digits: blanks, colons, dashes, and the left-to-right mark and its
# kin that the certificate dialog of Windows puts in front (field notes B2, failure 11).
PASTED = re.compile("[\\s:\\-\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_HEX_40 = re.compile(r"[0-9A-F]{40}\Z")

_LONGEST_SHOWN = 80

# The stores of the machine that IIS takes certificates from.
STORES = ("My", "WebHosting")
IIS_APPLICATION_ID = "4dc3e181-e14b-4a21-b022-59fc669b0914"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} …")


class Thumbprint(str):
    """The SHA-1 hash of a certificate: 40 hex digits, upper case."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Take a thumbprint as people paste it; raise ParameterError for anything else."""
        digits = PASTED.sub("", text).upper()
        if not _HEX_40.match(digits):
            raise ParameterError(f"{_shown(text)} is not a thumbprint: 40 hex digits are needed")
        return super().__new__(cls, digits)

    @property
    def short(self) -> str:
        """The first digits, for a sentence that needs no more."""
        return f"{self[:8]}…"


class BindingInfo(str):
    """IIS's ``ip:port:host`` of a binding; ``*`` or nothing for any address, host may be empty."""

    __slots__ = ()
    _FORM = re.compile(
        r"(?P<ip>\[[0-9A-Fa-f:.%]+\]|[^:\[\]\x00-\x1f\x7f]*):(?P<port>\d{1,5}):(?P<host>[^:\x00-\x1f\x7f]*)\Z"
    )

    def __new__(cls, text: str) -> Self:
        """Check the form; raise ParameterError for anything else."""
        found = cls._FORM.match(text)
        if not found or not 0 < int(found["port"]) < 65536:
            raise ParameterError(f"{_shown(text)} is not a binding: ip:port:host is needed")
        return super().__new__(cls, text)

    def _part(self, name: str) -> str:
        found = self._FORM.match(self)
        assert found
        return found[name]

    @property
    def ip(self) -> str:
        """The address as IIS keeps it, ``*`` for any."""
        return self._part("ip") or "*"

    @property
    def any_address(self) -> bool:
        """Whether it answers on all addresses: ``*``, ``0.0.0.0`` or ``[::]``."""
        return self.ip == "*" or re.fullmatch(r"0(\.0)*|\[[0:]+\]", self.ip) is not None

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._part("port"))

    @property
    def host(self) -> str:
        """The host name, empty for any."""
        return self._part("host")


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


class RecordKind(StrEnum):
    """The three kinds of http.sys records, by their names in ``netsh http`` (notes B5)."""

    IP = "ipport"
    SNI = "hostnameport"
    CCS = "ccs"


@dataclass(frozen=True)
class Record:
    """An http.sys entry with all its options, as the registry has them (notes B5).

    ``endpoint`` is ``0.0.0.0:443``, ``www.example.com:443`` or, for CCS, the port. ``values`` has
    every other registry value by name; bytes as lower-case hex.
    """

    kind: RecordKind
    endpoint: str
    thumbprint: Thumbprint | None
    store: str | None
    application_id: str | None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The service of a record that no binding has."""
        return "httpsys"

    @property
    def advice(self) -> None:
        """Nobody needs such a record."""

    @property
    def name(self) -> str:
        """The record as netsh names it: ``ipport=0.0.0.0:443``."""
        return f"{self.kind}={self.endpoint}"

    @property
    def flags(self) -> int:
        """The mask DefaultFlags; 0 when there is none."""
        flags = self.values.get("DefaultFlags")
        return flags if isinstance(flags, int) else 0


class SslFlags:
    """The bits of a binding's sslFlags that psrebind reads; all others are kept unread (B3)."""

    SNI = 1
    CCS = 2


@dataclass(frozen=True)
class Binding:
    """A place: one HTTPS binding of an IIS site, with the http.sys record of its certificate."""

    site: str
    site_id: int
    state: str
    information: BindingInfo
    flags: int
    record: Record | None
    problems: tuple[Problem, ...] = ()

    @property
    def service(self) -> str:
        """The service that has the binding."""
        return "iis"

    @property
    def name(self) -> str:
        """Which binding it is, in words."""
        return f"{self.information} of {self.site}"

    @property
    def thumbprint(self) -> Thumbprint | None:
        """The certificate of the record, if there is one."""
        return self.record.thumbprint if self.record else None

    @property
    def store(self) -> str | None:
        """The store of the record, if there is one."""
        return self.record.store if self.record else None

    @property
    def kind(self) -> RecordKind:
        """The kind of record that the flags ask for."""
        if self.flags & SslFlags.CCS:
            return RecordKind.CCS
        return RecordKind.SNI if self.flags & SslFlags.SNI else RecordKind.IP

    @property
    def endpoint(self) -> str:
        """The name of the record that the flags ask for."""
        if self.kind is RecordKind.CCS:
            return str(self.information.port)
        if self.kind is RecordKind.SNI:
            return f"{self.information.host}:{self.information.port}"
        address = "0.0.0.0" if self.information.ip == "*" else self.information.ip
        return f"{address}:{self.information.port}"


@dataclass(frozen=True)
class UnreadableBinding:
    """A binding that IIS keeps and cannot serve, ``*:0:name``, and why; never dropped in silence.

    ``information`` is as the host has it.
    """

    site: str
    site_id: int
    state: str
    information: str
    flags: int
    reason: str


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
    for one in entries:
        if one.store.lower() == store.lower() and one.thumbprint.upper() == thumbprint:
            return one
    return None


@dataclass(frozen=True)
class Renewal:
    """Old certificate → new certificate, from an event, the renewal link or the user."""

    old: Thumbprint
    new: Thumbprint

    def __post_init__(self) -> None:
        """Refuse a renewal of a certificate by itself."""
        if self.old == self.new:
            raise ParameterError(f"the old and the new certificate are the same: {self.old}")
