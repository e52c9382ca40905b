"""A real HTTP server before a WSMan server: it passes requests on, and answers some as it likes."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import uuid
from collections.abc import Callable, Iterable, Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any

import pytest
from winrm import ADDRESS, PASSWORD, Serve, Winrm

from psrebind.errors import PsrebindError
from psrebind.model import Secret
from psrebind.script import Script
from psrebind.sessions.base import Limits
from psrebind.sessions.credentials import Credential
from psrebind.sessions.remote import ConnectionOptions, RemoteSession

# More than any test lets a client read; a client without a bound would end here too.
ENOUGH = 200_000_000
XML = b"Content-Type: application/soap+xml;charset=UTF-8\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n" + XML
_RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
# From a request's number, from 1, and its body to an answer of its own; None passes it on.
Answer = Callable[[int, bytes], Iterable[bytes] | None]


class Stranger(ThreadingTCPServer):
    """Counts what it was asked, and the bytes of its own answers that somebody took."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: Answer, behind: int | None = None) -> None:
        super().__init__((ADDRESS, 0), _Handler)
        self.answer = answer
        self.behind = behind
        self.requests: list[bytes] = []
        self.sent = 0
        # Set when a client has left in the middle of an answer.
        self.left = Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def actions(self) -> list[str]:
        """The requests by their names, as far as they can be read."""
        return [action(body) for body in self.requests]


class _Handler(BaseRequestHandler):
    server: Stranger

    def handle(self) -> None:
        """Answer the requests of one connection until a side ends it."""
        behind = None
        if self.server.behind is not None:
            behind = socket.create_connection((ADDRESS, self.server.behind))
        with contextlib.suppress(ConnectionError), behind or contextlib.nullcontext():
            while request := _message(self.request):
                body = request.partition(b"\r\n\r\n")[2]
                self.server.requests.append(body)
                own = self.server.answer(len(self.server.requests), body)
                if own is None:
                    assert behind is not None
                    behind.sendall(request)
                    self.request.sendall(_message(behind))
                elif not self._say(own):
                    return

    def _say(self, pieces: Iterable[bytes]) -> bool:
        """Whether the connection goes on after this answer."""
        try:
            for piece in pieces:
                self.request.sendall(piece)
                self.server.sent += len(piece)
                if b"Connection: close" in piece or self.server.sent > ENOUGH:
                    return False
        except OSError:
            self.server.left.set()
            return False
        return True


@contextlib.contextmanager
def stranger(answer: Answer, behind: int | None = None) -> Iterator[Stranger]:
    """Run one until the test is over."""
    with Stranger(answer, behind) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


@contextlib.contextmanager
def between(serve: Serve, answer: Answer, **settings: Any) -> Iterator[tuple[Winrm, Stranger]]:
    """Run a host that takes what is not encrypted, and a stranger on the way to it."""
    settings = {"allow_unencrypted": True} | settings
    with (
        serve(**settings) as winrm,
        stranger(answer, winrm.endpoint.settings.http_port) as server,
    ):
        yield winrm, server


def action(body: bytes) -> str:
    """The last word of a request's action, such as Receive; empty for a logon."""
    found = re.search(rb"Action[^>]*>[^<]*/(\w+)</", body)
    return found[1].decode("ascii") if found else ""


def page(content: bytes, *, status: str = "200 OK", headers: bytes = XML) -> list[bytes]:
    """A whole answer."""
    length = f"Content-Length: {len(content)}\r\n\r\n".encode()
    return [f"HTTP/1.1 {status}\r\n".encode() + headers + length + content]


def envelope(request: bytes, inner: str, *, status: str = "200 OK") -> list[bytes]:
    """A whole answer that belongs to a request, with this inside its body."""
    found = re.search(rb"MessageID>([^<]*)<", request)
    relates = found[1].decode("ascii") if found else ""
    text = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
        f"<s:Header><wsa:RelatesTo>{relates}</wsa:RelatesTo></s:Header>"
        f"<s:Body>{inner}</s:Body></s:Envelope>"
    )
    return page(text.encode(), status=status)


def received(request: bytes, *streams: str) -> list[bytes]:
    """The answer to a Receive, with these streams of base64."""
    inner = "".join(f'<r:Stream Name="stdout">{stream}</r:Stream>' for stream in streams)
    return envelope(request, f'<r:ReceiveResponse xmlns:r="{_RSP}">{inner}</r:ReceiveResponse>')


def message(clixml: str, kind: int = 0x00041004) -> bytes:
    """A message of PSRP, the pipeline's output as a rule, in one fragment."""
    ids = uuid.UUID(int=0).bytes_le * 2
    data = struct.pack("<II", 1, kind) + ids + clixml.encode()
    return struct.pack(">QQBI", 7, 0, 3, len(data)) + data


def _message(peer: socket.socket) -> bytes:
    """One whole request or answer whose length is said; empty at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(65536)
        if not more:
            return b""
        data += more
    head = data.partition(b"\r\n\r\n")[0]
    found = re.search(rb"content-length: *(\d+)", head.lower())
    whole = len(head) + 4 + (int(found[1]) if found else 0)
    while len(data) < whole:
        data += peer.recv(65536)
    return data


def basic(server: Stranger, limit: int = 1, **named: Any) -> RemoteSession:
    """A session that logs on in clear, so that the server between can read it."""
    options = ConnectionOptions(
        ADDRESS,
        port=server.port,
        auth="basic",
        allow_basic_without_tls=True,
        reply_limit=limit,
        **named,
    )
    return RemoteSession(options, Credential("labadmin", Secret(PASSWORD)))


def ntlm(server: Stranger) -> RemoteSession:
    """A session that logs on as most do, and encrypts."""
    options = ConnectionOptions(ADDRESS, port=server.port, auth="ntlm")
    return RemoteSession(options, Credential("labadmin", Secret(PASSWORD)))


def said(session: RemoteSession, seconds: float = 30) -> PsrebindError:
    """The error of one script."""
    with session, pytest.raises(PsrebindError) as caught:
        session.invoke(Script("x"), limits=Limits.within(seconds))
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return caught.value


def to_the_script(own: Callable[[bytes], object]) -> Answer:
    """An answer of one's own to the first Receive after a Command; all else is passed on."""
    seen: list[str] = []

    def answer(number: int, body: bytes) -> object:
        seen.append(action(body))
        if seen[-2:] == ["Command", "Receive"]:
            return own(body)
        return None

    return answer  # type: ignore[return-value]


def challenge(then: list[bytes]) -> Answer:
    """A server that asks for a logon once, and then says something else."""
    asking = page(b"", status="401 Unauthorized", headers=b"WWW-Authenticate: Negotiate\r\n")
    return lambda number, body: asking if number == 1 else then
