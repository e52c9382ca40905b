"""http.sys records: where the certificate of an https binding lives, and which record answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from psrebind.decode.names import a_label
from psrebind.iis_model import IIS_APPLICATION_ID
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import StoredCertificate, covers, find, newest

IIS_APPLICATION = f"{{{IIS_APPLICATION_ID}}}"
ANY_ADDRESS = "0.0.0.0"
ANY_ADDRESSES = (ANY_ADDRESS, "[::]")
CENTRAL_STORE = 2
SERVER_NAME_INDICATION = 1
USE_DS_MAPPER = 1


class RecordKind(StrEnum):
    """The three kinds of record, by netsh's words."""

    IPPORT = "ipport"
    HOSTNAMEPORT = "hostnameport"
    CCS = "ccs"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a record says beyond its certificate.

    ``extra`` are registry values that nothing else stands for: ``Name\\`` is a key below the
    record, None takes a value away.
    """

    check_mode: int = 0
    revocation_freshness_time: int = 0
    revocation_url_retrieval_timeout: int = 0
    ctl_identifier: str | None = None
    ctl_store_name: str | None = None
    flags: int = 0
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record; key is `0.0.0.0:8443`, `name:8443` or `8443`."""

    kind: RecordKind
    key: str
    thumbprint: str | None = None
    store: str | None = None
    appid: str = IIS_APPLICATION
    options: Options = field(default_factory=Options)

    @property
    def port(self) -> int:
        """Return the TCP port."""
        return int(self.key.rpartition(":")[2])

    @property
    def name(self) -> str:
        """Return the address or host name; empty for a CCS record."""
        return self.key.rpartition(":")[0]


def split_information(information: str) -> tuple[str, int, str]:
    """Split `ip:port:host`; an IPv6 address keeps its brackets."""
    front, _, host = information.rpartition(":")
    address, _, port = front.rpartition(":")
    return address, int(port), host


def one_spelling(address: str) -> str:
    """An address as http.sys writes it: IPv6 short, in brackets, its zone kept."""
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    return f"[{found}]" if found.version == 6 else str(found)


def record_place(information: str, ssl_flags: int) -> tuple[RecordKind, str]:
    """Return kind and key of the record that a binding's certificate lives in."""
    address, port, host = split_information(information)
    if ssl_flags & CENTRAL_STORE:
        return RecordKind.CCS, str(port)
    if ssl_flags & SERVER_NAME_INDICATION:
        return RecordKind.HOSTNAMEPORT, f"{host}:{port}"
    return RecordKind.IPPORT, f"{ANY_ADDRESS if address in ('*', '') else address}:{port}"


def find_record(records: tuple[Record, ...], kind: RecordKind, key: str) -> Record | None:
    """Return a record by kind and key; host names compare as A-labels."""
    for record in records:
        if record.kind is kind and _same_key(record, key):
            return record
    return None


def put_record(records: tuple[Record, ...], record: Record) -> tuple[Record, ...]:
    """Return the records with one added, or replaced in its place."""
    if find_record(records, record.kind, record.key) is None:
        return (*records, _as_written(record))
    return tuple(
        replace(record, key=one.key)
        if one.kind is record.kind and _same_key(one, record.key)
        else one
        for one in records
    )


def drop_record(records: tuple[Record, ...], kind: RecordKind, key: str) -> tuple[Record, ...]:
    """Return the records without one."""
    return tuple(one for one in records if not (one.kind is kind and _same_key(one, key)))


@dataclass(frozen=True, kw_only=True)
class ClientHello:
    """A client's knock: the address and port it came to, and the name it asked for.

    An IPv6 address is in brackets, as in a record.
    """

    address: str
    port: int
    server_name: str | None


@dataclass(frozen=True, kw_only=True)
class HandshakeState:
    """All that decides which certificate answers a handshake."""

    records: tuple[Record, ...]
    certificates: tuple[StoredCertificate, ...]
    central: Mapping[str, StoredCertificate]
    assumptions: Assumptions


def choose_certificate(state: HandshakeState, hello: ClientHello) -> StoredCertificate | None:
    """Return the certificate that http.sys serves at this moment, or None: no handshake."""
    for kind, key in _order(state.assumptions, hello):
        record = find_record(state.records, kind, key)
        if record is not None:
            return _served(state, record, hello)
    if find_record(state.records, RecordKind.CCS, str(hello.port)) is not None:
        return _from_central(state.central, hello.server_name)
    return None


def _order(assumptions: Assumptions, hello: ClientHello) -> Iterator[tuple[RecordKind, str]]:
    """The records that may answer, in order; what is for all addresses comes last."""
    named = [(RecordKind.HOSTNAMEPORT, f"{name}:{hello.port}") for name in _matching(hello)]
    exact = [] if hello.address in ANY_ADDRESSES else [(RecordKind.IPPORT, hello.address)]
    exact = [(kind, f"{address}:{hello.port}") for kind, address in exact]
    yield from exact + named if assumptions.ip_port_record_shadows_sni else named + exact
    # [::] is for IPv6 alone, 0.0.0.0 for both (docs/windows.md).
    if hello.address.startswith("["):
        yield RecordKind.IPPORT, f"[::]:{hello.port}"
    yield RecordKind.IPPORT, f"{ANY_ADDRESS}:{hello.port}"


def _matching(hello: ClientHello) -> tuple[str, ...]:
    """The names of records that may answer: the one asked for, then the wildcard above it."""
    if hello.server_name is None:
        return ()
    _, dot, above = hello.server_name.partition(".")
    return (hello.server_name, f"*.{above}") if dot else (hello.server_name,)


def _served(state: HandshakeState, record: Record, hello: ClientHello) -> StoredCertificate | None:
    certificate = find(state.certificates, record.store, record.thumbprint)
    if certificate is None or certificate.key is None:
        return None
    if state.assumptions.schannel_follows_renewal_link:
        follower = newest(state.certificates, certificate)
        if hello.server_name is None or covers(follower, hello.server_name):
            return follower
    return certificate


def _from_central(
    central: Mapping[str, StoredCertificate], server_name: str | None
) -> StoredCertificate | None:
    if server_name is None:
        return None
    name = a_label(server_name)
    wanted = (f"{name}.pfx", f"_.{name.partition('.')[2]}.pfx")
    files = {file.casefold(): certificate for file, certificate in central.items()}
    return next((files[file] for file in wanted if file in files), None)


def _same_key(record: Record, key: str) -> bool:
    if record.kind is RecordKind.CCS:
        return record.key == key
    if record.kind is RecordKind.IPPORT:
        return _addressed(record.key) == _addressed(key)
    return _labelled(record.key) == _labelled(key)


def _addressed(key: str) -> str:
    address, _, port = key.rpartition(":")
    return f"{one_spelling(address)}:{port}".casefold()


def _as_written(record: Record) -> Record:
    if record.kind is not RecordKind.IPPORT:
        return record
    return replace(record, key=f"{one_spelling(record.name)}:{record.port}")


def _labelled(key: str) -> str:
    name, _, port = key.rpartition(":")
    return f"{a_label(name)}:{port}"
