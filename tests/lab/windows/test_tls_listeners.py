"""The lab's TLS listeners: who is answered, who is refused, and what follows changes."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lab_hosts import bind, host, issue, only_record, site

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import Record, RecordKind
from psrebind.lab.windows.tls_listeners import Handshakes, TlsListeners

ADDRESS = "127.0.20.201"
OTHER = "127.0.20.202"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as found:
        found.bind((ADDRESS, 0))
        port: int = found.getsockname()[1]
        return port


def shake(address: str, port: int, name: str | None) -> str:
    """Return the thumbprint that a client sees."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secured,
    ):
        secured.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
        assert secured.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        certificate = secured.getpeercert(binary_form=True) or b""
        return hashlib.sha1(certificate, usedforsecurity=False).hexdigest().upper()


def serve(where: Host, act: Callable[[TlsListeners], Awaitable[None]]) -> None:
    """Run something while the host's listeners are up."""

    async def whole() -> None:
        listeners = TlsListeners(where, {"0.0.0.0": ADDRESS})
        await listeners.start()
        try:
            await act(listeners)
        finally:
            await listeners.stop()

    asyncio.run(whole())


def bound_host(folder: Path, port: int, **assumptions: bool) -> tuple[Host, StoredCertificate]:
    """Return a host with one SNI binding for www.example, and its new certificate."""
    old, new = issue(folder), issue(folder)
    where = host(
        folder,
        sites=(site(f"*:{port}:www.example", 1),),
        certificates=(old, new),
        assumptions=Assumptions(**assumptions),
    )
    bind(where, old)
    return where, new


def test_name_answers_and_is_counted(tmp_path: Path) -> None:
    """A client that asks by name sees the record's certificate, and the handshake counts."""
    port = free_port()
    where, _ = bound_host(tmp_path, port)

    async def act(listeners: TlsListeners) -> None:
        seen = await asyncio.to_thread(shake, ADDRESS, port, "www.example")
        assert seen == only_record(where).thumbprint
        assert listeners.handshakes("www.example") == Handshakes(ok=1, refused=0)

    serve(where, act)


@pytest.mark.parametrize("name", ["other.example", None])
def test_no_record_refuses_with_an_alert(tmp_path: Path, name: str | None) -> None:
    """A name without a record gets a TLS alert, not a silent close."""
    port = free_port()
    where, _ = bound_host(tmp_path, port)

    async def act(listeners: TlsListeners) -> None:
        with pytest.raises(ssl.SSLError) as caught:
            await asyncio.to_thread(shake, ADDRESS, port, name)
        assert "ALERT_HANDSHAKE_FAILURE" in str(caught.value).upper().replace(" ", "_")
        assert listeners.handshakes(name or "") == Handshakes(ok=0, refused=1)

    serve(where, act)


def test_next_handshake_sees_the_change(tmp_path: Path) -> None:
    """A rebind shows in the next handshake, and the gap shows as a refused one."""
    port = free_port()
    where, new = bound_host(tmp_path, port, add_ssl_certificate_deletes_first=True)

    def in_the_gap(_: float) -> None:
        with pytest.raises(ssl.SSLError):
            shake(ADDRESS, port, "www.example")

    where.sleep = in_the_gap

    async def act(listeners: TlsListeners) -> None:
        await asyncio.to_thread(bind, where, new)
        seen = await asyncio.to_thread(shake, ADDRESS, port, "www.example")
        assert seen == new.thumbprint
        assert listeners.handshakes("www.example") == Handshakes(ok=1, refused=1)

    serve(where, act)


def test_each_address_has_its_listener(tmp_path: Path) -> None:
    """A binding with an address of its own listens and answers there."""
    port = free_port()
    everywhere, own = issue(tmp_path), issue(tmp_path)
    sites = (site(f"*:{port}:"), site(f"{OTHER}:{port}:", number=2))
    where = host(tmp_path, sites=sites, certificates=(everywhere, own))
    bind(where, everywhere)
    bind(where, own, number=2)

    async def act(listeners: TlsListeners) -> None:
        assert listeners.places == {("0.0.0.0", port), (OTHER, port)}
        assert await asyncio.to_thread(shake, ADDRESS, port, None) == everywhere.thumbprint
        assert await asyncio.to_thread(shake, OTHER, port, None) == own.thumbprint

    serve(where, act)


@pytest.mark.parametrize("shadows", [False, True])
def test_a_record_of_the_own_address(tmp_path: Path, shadows: bool) -> None:
    """It needs no listener beside that of all addresses, and beats a name where that is assumed."""
    port = free_port()
    where, new = bound_host(tmp_path, port, ip_port_record_shadows_sni=shadows)
    old = only_record(where)
    stray = Record(
        kind=RecordKind.IPPORT,
        key=f"{ADDRESS}:{port}",
        thumbprint=new.thumbprint,
        store="My",
    )
    where.change(lambda state: replace(state, records=(*state.records, stray)))

    async def act(listeners: TlsListeners) -> None:
        assert listeners.places == {("0.0.0.0", port)}
        seen = await asyncio.to_thread(shake, ADDRESS, port, "www.example")
        assert seen == (new.thumbprint if shadows else old.thumbprint)
        assert await asyncio.to_thread(shake, ADDRESS, port, None) == new.thumbprint

    serve(where, act)


def test_new_binding_gets_a_listener(tmp_path: Path) -> None:
    """A binding that comes while the lab runs is listened for; one that goes is closed."""
    port = free_port()
    where = host(tmp_path)

    async def act(listeners: TlsListeners) -> None:
        where.change(lambda state: replace(state, sites=(site(f"*:{port}:"),)))
        async with asyncio.timeout(10):
            while listeners.places != {("0.0.0.0", port)}:
                await listeners.settled()
        where.change(lambda state: replace(state, sites=()))
        async with asyncio.timeout(10):
            while listeners.places:
                await listeners.settled()

    serve(where, act)


def test_address_in_use_is_an_error_at_the_start(tmp_path: Path) -> None:
    """A listener that cannot be opened fails the start, and leaves none behind."""
    where = host(tmp_path)
    with socket.socket() as taken:
        taken.bind((ADDRESS, 0))
        taken.listen()
        port = taken.getsockname()[1]
        where.change(lambda state: replace(state, sites=(site(f"*:{port}:"),)))
        with pytest.raises(OSError, match="address already in use"):
            serve(where, lambda _: asyncio.sleep(0))
