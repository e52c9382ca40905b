"""http.sys records from the registry to the model, and their options as netsh takes them.

Values and flag bits are http.h's (field notes B5; microsoft.github.io/windows-docs-rs lists
HTTP_SERVICE_CONFIG_SSL_FLAG_*); parameter names are those of ``netsh http add sslcert``
(learn.microsoft.com, windows-commands/netsh-http).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from psrebind.iis_model import Record, RecordKind
from psrebind.model import Thumbprint

_CERTIFICATE_VALUES = ("SslCertHash", "SslCertStoreName", "AppId", "HostnamePort")

# bit of DefaultFlags -> the parameter of netsh that sets it
FLAG_PARAMETERS = {
    0x1: "dsmapperusage",
    0x2: "clientcertnegotiation",
    0x8: "reject",
    0x10: "disablehttp2",
    0x20: "disablequic",
    0x40: "disabletls13",
    0x80: "disableocspstapling",
    0x100: "enabletokenbinding",
    0x200: "logextendedevents",
    0x400: "disablelegacytls",
    0x800: "enablesessionticket",
    0x1000: "disabletls12",
    0x4000: "disablesessionid",
}
# bit of DefaultSslCertCheckMode -> the argument of netsh that sets it; 4 only says that the
# freshness time counts, which the time itself implies
CHECK_ARGUMENTS = {
    0x1: "verifyclientcertrevocation=disable",
    0x2: "verifyrevocationwithcachedclientcertonly=enable",
    0x4: None,
    0x10000: "usagecheck=disable",
}
_VALUE_PARAMETERS = {
    "DefaultSslRevocationFreshnessTime": "revocationfreshnesstime",
    "DefaultSslRevocationUrlRetrievalTimeout": "urlretrievaltimeout",
    "DefaultSslCtlIdentifier": "sslctlidentifier",
    "DefaultSslCtlStoreName": "sslctlstorename",
}
_FRESHNESS = 0x4
_MASKS = ("DefaultFlags", "DefaultSslCertCheckMode")
_KNOWN_VALUES = {*_MASKS, *_VALUE_PARAMETERS}
_TEXTS = ("DefaultSslCtlIdentifier", "DefaultSslCtlStoreName")


@dataclass(frozen=True)
class RawRecord:
    """A record as a script reports it: registry values, binary ones apart."""

    kind: RecordKind
    endpoint: str
    thumbprint: Thumbprint | None
    store: str
    binary: dict[str, bytes]
    values: dict[str, Any]

    @property
    def record(self) -> Record:
        """The record of the model."""
        rest = {name: data.hex() for name, data in self.binary.items()} | self.values
        application = self.binary.get("AppId", b"")
        return Record(
            kind=self.kind,
            endpoint=self.endpoint,
            thumbprint=self.thumbprint,
            store=self.store,
            application_id=str(UUID(bytes_le=application)) if len(application) == 16 else None,
            values={name: rest[name] for name in sorted(rest) if name not in _CERTIFICATE_VALUES},
        )


def netsh_options(record: Record) -> tuple[str, ...]:
    """The arguments for netsh that give a new record the options of this one.

    The script itself names certificate, store and appid. Only what differs from the default is
    named: netsh succeeds without making the record when it meets a parameter that this Windows
    does not know (field notes B5).
    """
    mode = _number(record, "DefaultSslCertCheckMode")
    checks = (text for bit, text in CHECK_ARGUMENTS.items() if mode & bit and text)
    flags = (f"{name}=enable" for bit, name in FLAG_PARAMETERS.items() if record.flags & bit)
    values = (
        f"{parameter}={record.values[name]}"
        for name, parameter in _VALUE_PARAMETERS.items()
        if record.values.get(name)
    )
    return (*checks, *values, *flags)


def unknown_options(record: Record) -> tuple[str, ...]:
    """The unknown values and flag bits of a record, which nobody here can put back.

    A record that has any is left alone (field notes B5).
    """
    flags = record.flags & ~sum(FLAG_PARAMETERS) & 0xFFFFFFFF
    mode = _number(record, "DefaultSslCertCheckMode") & ~sum(CHECK_ARGUMENTS) & 0xFFFFFFFF
    found = [name for name in record.values if name not in _KNOWN_VALUES]
    # Bit 4 says that the freshness time counts, and netsh sets both or none.
    fresh = _number(record, "DefaultSslRevocationFreshnessTime")
    if bool(_number(record, "DefaultSslCertCheckMode") & _FRESHNESS) != bool(fresh):
        found.append(f"DefaultSslRevocationFreshnessTime {fresh} against its bit 4")
    found += [name for name in sorted(_KNOWN_VALUES) if not _sayable(name, record.values.get(name))]
    found += [f"DefaultFlags 0x{flags:X}"] if flags else []
    found += [f"DefaultSslCertCheckMode 0x{mode:X}"] if mode else []
    return tuple(found)


def lost_options(before: Record, now: Record) -> tuple[str, ...]:
    """The values that a record had and has no more, or not as they were; by name.

    Of a mask only bits that are missing count: who set one more has lost nothing.
    """
    return tuple(
        name
        for name, value in sorted(before.values.items())
        if value and not _holds(name, value, now.values.get(name))
    )


def _holds(name: str, before: object, now: object) -> bool:
    if name in _MASKS and isinstance(before, int) and isinstance(now, int):
        return before & ~now == 0
    return same_option(before, now)


def merge_records(before: Record, now: Record) -> Record:
    """Give the record of now the options that it lacks of the one before."""
    values = now.values | {name: value for name, value in before.values.items() if value}
    for name in _MASKS:
        one, other = before.values.get(name), now.values.get(name)
        if isinstance(one, int) and isinstance(other, int):
            values[name] = one | other
    application = before.application_id or now.application_id
    return replace(now, values=values, application_id=application)


def registry_values(record: Record) -> dict[str, object]:
    """A record as registry values: the way back from RawRecord to what Windows keeps."""
    values: dict[str, object] = dict(record.values)
    if record.thumbprint:
        values["SslCertHash"] = bytes.fromhex(record.thumbprint)
    if record.store:
        values["SslCertStoreName"] = record.store
    if record.application_id:
        values["AppId"] = UUID(record.application_id).bytes_le
    return values


def same_option(before: object, after: object) -> bool:
    """Whether a value of a record says the same; absent, empty and 0 do."""
    return (before or None) == (after or None)


def _sayable(name: str, value: object) -> bool:
    """Whether a value is of its kind, so that netsh can be told it."""
    if value is None:
        return True
    if name in _TEXTS:
        return isinstance(value, str) and "\0" not in value
    return isinstance(value, int)


def _number(record: Record, name: str) -> int:
    value = record.values.get(name)
    return value if isinstance(value, int) else 0
