"""A host that sends a session elsewhere: nothing follows, and nobody else sees the logon."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from winrm import ADDRESS

from psrebind.errors import ConnectError
from psrebind.model import Secret
from psrebind.script import Script
from psrebind.sessions.base import Limits
from psrebind.sessions.credentials import Credential
from psrebind.sessions.remote import ConnectionOptions, RemoteSession


class Place(ThreadingHTTPServer):
    """A server that notes who came, and answers with a redirect where it has one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((ADDRESS, 0), _Handler)
        self.status = 401
        self.location = ""
        self.requests: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Place

    def do_POST(self) -> None:
        """Note the request's logon, and answer."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append(self.headers.get("Authorization", ""))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def places() -> Iterator[tuple[Place, Place]]:
    """A host, and the place that it may send us to."""
    made = Place(), Place()
    for one in made:
        Thread(target=one.serve_forever, daemon=True).start()
    yield made
    for one in made:
        one.shutdown()
        one.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("auth", ["negotiate", "basic"])
def test_a_redirect_is_not_followed(places: tuple[Place, Place], status: int, auth: str) -> None:
    """The error names the place; one request was sent in all, and none there."""
    host, elsewhere = places
    host.status = status
    host.location = f"http://{ADDRESS}:{elsewhere.server_port}/wsman"
    said = _refusal(host, auth)
    assert f"HTTP {status} to '{host.location}'" in said
    assert "not followed" in said
    assert len(host.requests) == 1
    assert not elsewhere.requests


def test_a_circle_gets_the_credential_once(places: tuple[Place, Place]) -> None:
    """A redirect to the same place is one, too."""
    host, _ = places
    host.status = 307
    host.location = f"http://{ADDRESS}:{host.server_port}/wsman"
    _refusal(host, "basic")
    assert len(host.requests) == 1


def _refusal(host: Place, auth: str) -> str:
    options = ConnectionOptions(
        ADDRESS,
        port=host.server_port,
        auth="basic" if auth == "basic" else "negotiate",
        allow_basic_without_tls=True,
    )
    session = RemoteSession(options, Credential("labadmin", Secret("Planted-1")))
    with session, pytest.raises(ConnectError) as caught:
        session.invoke(Script("x"), limits=Limits.within(60))
    return str(caught.value)
