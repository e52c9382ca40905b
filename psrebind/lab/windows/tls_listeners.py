"""Real TLS listeners of a simulated host: each handshake meets the records of that moment.

The only file of this room with sockets. It asks http_sys which certificate answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import ANY_ADDRESS, ClientHello, choose_certificate

REQUEST_SECONDS = 10
REQUEST_BYTES = 65536
READ_BYTES = 65536

T = TypeVar("T")
ListenAddress = tuple[str, int]
Chooser = Callable[[ssl.SSLObject, str | None, ssl.SSLContext], int | None]


@dataclass(frozen=True, kw_only=True)
class Handshakes:
    """How many handshakes for one name were answered, and how many refused."""

    ok: int
    refused: int


class TlsListeners:
    """The TLS side of one host, following its bindings and records.

    `address_map` says on which address of this machine one of the host's addresses listens;
    `0.0.0.0` is needed, an address that is not in it listens as itself.
    """

    def __init__(self, host: Host, address_map: Mapping[str, str]) -> None:
        self._host = host
        self._addresses = dict(address_map)
        self._servers: dict[ListenAddress, asyncio.Server] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._names: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()
        self._writers: set[asyncio.StreamWriter] = set()
        self._answered: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self._stop_watching: Callable[[], None] | None = None
        self.problems: dict[ListenAddress, OSError] = {}

    @property
    def places(self) -> frozenset[ListenAddress]:
        """Return the host's addresses and ports that are listened on."""
        return frozenset(self._servers)

    def handshakes(self, name: str) -> Handshakes:
        """Return the counts for one server name; the empty one is a client without SNI."""
        return Handshakes(ok=self._answered[name], refused=self._refused[name])

    async def start(self) -> None:
        """Listen wherever the host needs it, and follow its changes."""
        loop = asyncio.get_running_loop()
        self._stop_watching = self._host.watch(lambda: _unless_closed(loop, self._changed.set))
        await self._follow_once()
        if self.problems:
            await self.stop()
            raise next(iter(self.problems.values()))
        self._follower = asyncio.create_task(self._follow())

    async def settled(self) -> None:
        """Wait until the listeners have followed one more change."""
        await self._settled.wait()

    async def stop(self) -> None:
        """Close every listener."""
        if self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower
            self._follower = None
        for place in tuple(self._servers):
            self._servers.pop(place).close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._follow_once()
            settled, self._settled = self._settled, asyncio.Event()
            settled.set()

    async def _follow_once(self) -> None:
        needed = self._needed()
        for place in set(self._servers) - needed:
            self._servers.pop(place).close()
        self.problems = {}
        for place in needed - set(self._servers):
            try:
                self._servers[place] = await self._listen(place)
            except OSError as error:
                # An address in use must not take the other listeners down with it.
                self.problems[place] = error

    def _needed(self) -> set[ListenAddress]:
        """Where to listen; a record of the very address that stands for all needs no own."""
        wanted = self._host.state.needed_ports
        everywhere = {port for address, port in wanted if address == ANY_ADDRESS}
        own = self._addresses.get(ANY_ADDRESS)
        return {one for one in wanted if one[0] != own or one[1] not in everywhere}

    async def _listen(self, place: ListenAddress) -> asyncio.Server:
        address, port = place
        local = self._addresses.get(address, address)
        context = _server_context()
        context.sni_callback = self._chooser(place)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer)
            try:
                await self._answer(TlsConnection(reader, writer, context))
            finally:
                self._writers.discard(writer)
                writer.close()

        return await asyncio.start_server(answer, local, port)

    def _chooser(self, place: ListenAddress) -> Chooser:
        def pick(knock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            # A client comes to one address, also where all are listened on.
            address = self._addresses.get(ANY_ADDRESS, ANY_ADDRESS)
            came_to = address if place[0] == ANY_ADDRESS else place[0]
            hello = ClientHello(address=came_to, port=place[1], server_name=name)
            certificate = choose_certificate(self._host.state.handshake_state, hello)
            if certificate is None:
                self._refused[name or ""] += 1
                return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
            knock.context = self._context(certificate)
            self._names[knock] = name or ""
            return None

        return pick

    def _context(self, certificate: StoredCertificate) -> ssl.SSLContext:
        thumbprint = certificate.thumbprint
        if thumbprint not in self._contexts:
            self._contexts[thumbprint] = _certificate_context(certificate)
        return self._contexts[thumbprint]

    async def _answer(self, channel: TlsConnection) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(REQUEST_SECONDS):
                await channel.step(channel.tls.do_handshake)
                self._answered[self._names.pop(channel.tls, "")] += 1
                request = b""
                while b"\r\n\r\n" not in request and len(request) < REQUEST_BYTES:
                    request += await channel.step(channel.tls.read)
                response = _response(self._host.facts.name)
                await channel.step(lambda: channel.tls.write(response))
                await channel.step(channel.tls.unwrap)


class TlsConnection:
    """TLS on one connection; asyncio's own drops the alert of a refused handshake."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def step(self, act: Callable[[], T]) -> T:
        """Carry out one TLS action, fetching and sending what it needs."""
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._reader.read(READ_BYTES)
                if not data:
                    raise ConnectionResetError from None
                self._incoming.write(data)
            finally:
                await self._flush()

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._writer.write(data)
            await self._writer.drain()


def _response(name: str) -> bytes:
    body = f"{name}\n".encode("ascii", "replace")
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def _unless_closed(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    # The host may be changed by a thread that outlives the loop.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(act)


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Without tickets each connection is a full handshake, and shows the certificate of its moment.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


def _certificate_context(certificate: StoredCertificate) -> ssl.SSLContext:
    context = _server_context()
    pem = x509.load_der_x509_certificate(certificate.der).public_bytes(Encoding.PEM)
    # The ssl module reads keys from files only; this one lives for one line.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pem"
        path.write_bytes(pem + (certificate.key or "").encode("ascii"))
        context.load_cert_chain(path)
    return context
