"""HTTPS bindings of IIS and the http.sys records that hold their certificates (notes B5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

from psrebind.errors import ParameterError
from psrebind.model import Thumbprint, shown
from psrebind.problems import Problem

IIS_APPLICATION_ID = "4dc3e181-e14b-4a21-b022-59fc669b0914"


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
            raise ParameterError(f"{shown(text)} is not a binding: ip:port:host is needed")
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
    service: ClassVar[str] = "httpsys"
    # Nobody needs a record that no binding has.
    advice: ClassVar[None] = None

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
    service: ClassVar[str] = "iis"

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
