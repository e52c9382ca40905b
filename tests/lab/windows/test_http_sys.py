"""Which certificate http.sys chooses for a handshake."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lab_hosts import issue

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.http_sys import (
    ClientHello,
    HandshakeState,
    Record,
    RecordKind,
    choose_certificate,
    drop_record,
    put_record,
)

OTHER = "127.0.20.202"


def answers(*records: Record, certificates: tuple[StoredCertificate, ...]) -> HandshakeState:
    """Return what http.sys decides by, with no central store and default assumptions."""
    return HandshakeState(
        records=records, certificates=certificates, central={}, assumptions=Assumptions()
    )


def record(kind: RecordKind, key: str, certificate: StoredCertificate) -> Record:
    """Return a record that holds a certificate of My."""
    return Record(kind=kind, key=key, thumbprint=certificate.thumbprint, store="My")


def test_central_store_answers_by_file_name(tmp_path: Path) -> None:
    """CCS serves the file of the name, else the wildcard file of its parent, else nothing."""
    exact, wild = issue(tmp_path), issue(tmp_path, ("*.example",))
    found = HandshakeState(
        records=(Record(kind=RecordKind.CCS, key="8443"),),
        certificates=(),
        central={"www.example.pfx": exact, "_.example.pfx": wild},
        assumptions=Assumptions(),
    )

    def served(name: str | None) -> StoredCertificate | None:
        return choose_certificate(
            found, ClientHello(address="0.0.0.0", port=8443, server_name=name)
        )

    assert [served("WWW.example"), served("api.example")] == [exact, wild]
    assert [served("a.b.example"), served(None)] == [None, None]


@pytest.mark.parametrize("shadows", [True, False])
def test_address_record_shadows_names_on_assumption(tmp_path: Path, shadows: bool) -> None:
    """By name first, unless a record of the exact address is assumed to shadow it; one of all
    addresses comes last either way."""
    by_name, by_address, everywhere = issue(tmp_path), issue(tmp_path), issue(tmp_path)
    found = replace(
        answers(
            record(RecordKind.IPPORT, "0.0.0.0:8443", everywhere),
            record(RecordKind.HOSTNAMEPORT, "www.example:8443", by_name),
            record(RecordKind.IPPORT, f"{OTHER}:8443", by_address),
            certificates=(by_name, by_address, everywhere),
        ),
        assumptions=Assumptions(ip_port_record_shadows_sni=shadows),
    )
    hello = ClientHello(address=OTHER, port=8443, server_name="www.example")
    assert choose_certificate(found, hello) == (by_address if shadows else by_name)
    assert choose_certificate(found, replace(hello, address="127.0.20.1")) == by_name
    assert choose_certificate(found, replace(hello, server_name="b.example")) == by_address
    assert (
        choose_certificate(found, ClientHello(address="127.0.20.1", port=8443, server_name="b"))
        == everywhere
    )


@pytest.mark.parametrize(
    ("address", "served"),
    [("127.0.20.1", 0), ("[2001:db8::9]", 1), ("[2001:db8::5]", 2), ("[fe80::1%7]", 1)],
)
def test_an_address_of_ipv6(tmp_path: Path, address: str, served: int) -> None:
    """An IPv6 address is found however it is written; [::] is for IPv6 alone."""
    made = tuple(issue(tmp_path) for _ in range(3))
    found = answers(
        record(RecordKind.IPPORT, "0.0.0.0:1", made[0]),
        record(RecordKind.IPPORT, "[::]:1", made[1]),
        record(RecordKind.IPPORT, "[2001:DB8:0:0:0:0:0:5]:1", made[2]),
        certificates=made,
    )
    assert (
        choose_certificate(found, ClientHello(address=address, port=1, server_name=None))
        == made[served]
    )
    bare = replace(found, records=found.records[:1])
    assert (
        choose_certificate(bare, ClientHello(address=address, port=1, server_name=None)) == made[0]
    )


def test_a_record_is_written_in_one_spelling(tmp_path: Path) -> None:
    """http.sys keeps addresses, not texts: a second spelling is the same record."""
    certificate = issue(tmp_path)
    long = record(RecordKind.IPPORT, "[2001:DB8:0:0:0:0:0:5]:443", certificate)
    records = put_record((), long)
    assert [one.key for one in records] == ["[2001:db8::5]:443"]
    assert put_record(records, long) == records
    assert drop_record(records, RecordKind.IPPORT, "[2001:db8:0::5]:443") == ()


def test_exact_address_answers_before_any(tmp_path: Path) -> None:
    """The record of the address answers before that of 0.0.0.0."""
    anywhere, exact = issue(tmp_path), issue(tmp_path)
    found = answers(
        record(RecordKind.IPPORT, "0.0.0.0:8443", anywhere),
        record(RecordKind.IPPORT, f"{OTHER}:8443", exact),
        certificates=(anywhere, exact),
    )
    assert (
        choose_certificate(found, ClientHello(address=OTHER, port=8443, server_name="x")) == exact
    )
    assert (
        choose_certificate(found, ClientHello(address="0.0.0.0", port=8443, server_name="x"))
        == anywhere
    )


@pytest.mark.parametrize(
    ("name", "served"),
    [("www.example", 0), ("WWW.example", 0), ("api.example", 1), ("a.b.example", 2), (None, 2)],
)
def test_a_wildcard_record_answers_what_has_none(
    tmp_path: Path, name: str | None, served: int
) -> None:
    """A record of a wildcard answers any one label below it; an exact one comes first."""
    made = tuple(issue(tmp_path) for _ in range(3))
    found = answers(
        record(RecordKind.HOSTNAMEPORT, "*.example:8443", made[1]),
        record(RecordKind.HOSTNAMEPORT, "www.example:8443", made[0]),
        record(RecordKind.IPPORT, "0.0.0.0:8443", made[2]),
        certificates=made,
    )
    hello = ClientHello(address="0.0.0.0", port=8443, server_name=name)
    assert choose_certificate(found, hello) == made[served]


@pytest.mark.parametrize("broken", ["deleted", "without key"])
def test_record_without_a_usable_certificate_answers_nothing(tmp_path: Path, broken: str) -> None:
    """A record whose certificate is gone or has no key refuses the handshake."""
    certificate = issue(tmp_path)
    left = () if broken == "deleted" else (replace(certificate, key=None),)
    found = answers(record(RecordKind.IPPORT, "0.0.0.0:1", certificate), certificates=left)
    assert (
        choose_certificate(found, ClientHello(address="0.0.0.0", port=1, server_name=None)) is None
    )


def test_archived_certificate_is_served_on(tmp_path: Path) -> None:
    """Archiving the bound certificate does not stop it from answering."""
    certificate = replace(issue(tmp_path), archived=True)
    found = answers(
        record(RecordKind.IPPORT, "0.0.0.0:1", certificate), certificates=(certificate,)
    )
    assert (
        choose_certificate(found, ClientHello(address="0.0.0.0", port=1, server_name=None))
        == certificate
    )


@pytest.mark.parametrize(
    ("follows", "name", "served"),
    [(True, "www.example", 1), (True, "lost.example", 0), (False, "www.example", 0)],
)
def test_renewal_link_is_followed_on_assumption(
    tmp_path: Path, follows: bool, name: str, served: int
) -> None:
    """Schannel may serve the renewed certificate, where it covers the name asked for."""
    new = issue(tmp_path)
    old = replace(issue(tmp_path, ("www.example", "lost.example")), renewed_by=new.thumbprint)
    found = replace(
        answers(record(RecordKind.IPPORT, "0.0.0.0:1", old), certificates=(old, new)),
        assumptions=Assumptions(schannel_follows_renewal_link=follows),
    )
    expected = (old, new)[served]
    assert (
        choose_certificate(found, ClientHello(address="0.0.0.0", port=1, server_name=name))
        == expected
    )
