"""One simulated host's WinRM: listeners, HTTP, and the faults of its network."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from psrebind.lab.server import encryption
from psrebind.lab.server.authentication import Authenticator, Connection, Logons, Unauthorized
from psrebind.lab.server.encryption import NotEncrypted
from psrebind.lab.server.network_faults import NetworkFault, NetworkFaults
from psrebind.lab.server.shells import ShellEngine, ShellTable
from psrebind.lab.server.wsman import WSManService

PATH: Final = "/wsman"
# http.sys closes a silent connection after two minutes.
KEEP_ALIVE: Final = 120.0


@dataclass(frozen=True)
class EndpointSettings:
    """Where an endpoint listens and whom it lets in; without a certificate there is no HTTPS.

    Port 0 lets the system choose; `Endpoint.http_port` and `https_port` tell.
    """

    address: str
    users: Mapping[str, str]
    http_port: int = 5985
    https_port: int = 5986
    certificate: Path | None = None
    key: Path | None = None
    max_shells_per_user: int = 30
    allow_unencrypted: bool = False


@dataclass(frozen=True)
class RequestEntry:
    """One request that an endpoint took: `Logon` for a leg of the authentication."""

    action: str
    shell: str | None
    when: float


class _FaultyConnection(asyncio.Protocol):
    """A connection that meets a fault as soon as it is accepted."""

    def __init__(self, fault: NetworkFault, kept: set[asyncio.BaseTransport]) -> None:
        self._fault = fault
        self._kept = kept
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._fault is NetworkFault.REFUSE:
            transport.close()
        else:
            self._transport = transport
            self._kept.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._kept.discard(self._transport)


class Endpoint:
    """A WS-Management server for PowerShell remoting, on the loop that starts it."""

    def __init__(
        self,
        settings: EndpointSettings,
        engine_factory: Callable[[], ShellEngine],
        faults: NetworkFaults,
    ) -> None:
        self.settings = settings
        self._faults = faults
        self.shells = ShellTable(engine_factory, limit_per_user=settings.max_shells_per_user)
        self._service = WSManService(self.shells, machine=settings.address)
        self._authenticator = Authenticator(settings.users, settings.allow_unencrypted)
        self._connections: weakref.WeakKeyDictionary[asyncio.BaseTransport, Connection]
        self._connections = weakref.WeakKeyDictionary()
        self._hanging: set[asyncio.BaseTransport] = set()
        self._requests: list[RequestEntry] = []
        self._lock = threading.Lock()
        self._web: web.Server | None = None
        self._servers: list[asyncio.Server] = []
        self._tls: ssl.SSLContext | None = None
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def http_port(self) -> int:
        """The port of the HTTP listener, once it listens."""
        return _port(self._servers[0])

    @property
    def https_port(self) -> int:
        """The port of the HTTPS listener, once it listens."""
        return _port(self._servers[1])

    @property
    def open_shells(self) -> int:
        """How many shells are open."""
        return len(self.shells.open)

    @property
    def logons(self) -> dict[str, Logons]:
        """Logon attempts and failures per user."""
        return self._authenticator.logons

    @property
    def requests(self) -> list[RequestEntry]:
        """The requests taken so far, in their order."""
        with self._lock:
            return list(self._requests)

    async def start(self) -> None:
        """Listen."""
        self._loop = asyncio.get_running_loop()
        self._web = web.Server(
            self._handle, handler_cancellation=True, access_log=None, keepalive_timeout=KEEP_ALIVE
        )
        try:
            await self._listen(self.settings.http_port, None)
            if self.settings.certificate is not None:
                self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.use_certificate(self.settings.certificate, self.settings.key)
                await self._listen(self.settings.https_port, self._tls)
        except BaseException:
            await self.stop()
            raise

    def cut(self) -> None:
        """Break every connection as it stands, with what waits on it; any thread may."""
        if self._loop is not None:
            for transport in list(self._connections):
                self._loop.call_soon_threadsafe(transport.close)

    def use_certificate(self, certificate: Path, key: Path | None = None) -> None:
        """Present this chain from the next handshake on."""
        if self._tls is None:
            raise RuntimeError("The endpoint has no HTTPS listener.")
        self._tls.load_cert_chain(certificate, key)

    async def stop(self) -> None:
        """Close the listeners, the connections and every shell."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for server in self._servers:
            server.close()
        for transport in list(self._hanging):
            transport.close()
        # Shells first: a Receive that waits ends with its shell.
        await self._service.stop()
        if self._web is not None:
            await self._web.shutdown(0.2)
        self._authenticator.close()

    async def _listen(self, port: int, tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            self._accept, self.settings.address, port, ssl=tls, reuse_address=True
        )
        self._servers.append(server)

    def _accept(self) -> asyncio.Protocol:
        fault = self._faults.next_connection()
        if fault is not None:
            return _FaultyConnection(fault, self._hanging)
        assert self._web is not None
        return self._web()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        fault = self._faults.next_request()
        if fault is NetworkFault.CUT_BEFORE:
            return _cut(request)
        if fault is NetworkFault.STALL:
            await self._stopping.wait()
            return _cut(request)
        if fault is NetworkFault.UNAVAILABLE:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        response = await self._answer(request)
        return _cut(request) if fault is NetworkFault.CUT_AFTER else response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.rstrip("/").lower() != PATH or request.method != "POST":
            return web.Response(status=HTTPStatus.NOT_FOUND)
        if request.transport is None:
            raise ConnectionResetError("The client is gone.")
        secure = request.transport.get_extra_info("ssl_object") is not None
        connection = self._connections.setdefault(request.transport, Connection(secure))
        body = await request.read()
        try:
            token = self._authenticator.authenticate(
                connection, request.headers.get("Authorization")
            )
        except Unauthorized as refusal:
            self._note("Logon", None)
            response = web.Response(status=HTTPStatus.UNAUTHORIZED)
            schemes = self._authenticator.schemes(connection)
            for scheme in schemes if refusal.challenge is None else [refusal.challenge]:
                response.headers.add("WWW-Authenticate", scheme)
            return response
        headers = {} if token is None else {"WWW-Authenticate": token}
        if not body:
            self._note("Logon", None)
            return web.Response(headers={**headers, "Content-Type": encryption.PLAIN_TYPE})
        content_type = request.headers.get("Content-Type", "")
        sealed = content_type.lower().startswith(encryption.ENCRYPTED)
        if not sealed and not connection.secure and not self.settings.allow_unencrypted:
            # AllowUnencrypted=false: Windows says no more than this.
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, headers=headers)
        try:
            envelope = encryption.decrypt(connection, content_type, body)
        except NotEncrypted:
            return web.Response(status=HTTPStatus.BAD_REQUEST, headers=headers)
        status, answer = await self._service.answer(
            envelope, user=connection.user or "", note=self._note
        )
        headers["Content-Type"] = encryption.ENCRYPTED_TYPE if sealed else encryption.PLAIN_TYPE
        data = encryption.encrypt(connection, answer) if sealed else answer
        return web.Response(status=status, body=data, headers=headers)

    def _note(self, action: str, shell: str | None) -> None:
        with self._lock:
            self._requests.append(RequestEntry(action, shell, time.time()))


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()
