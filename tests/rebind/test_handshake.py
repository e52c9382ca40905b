"""Handshakes with a real TLS server, and with what is none."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest
from certificates import make
from observations import observed
from tls_server import tls_server

from psrebind.rebind.handshake import AT_ONCE, Unseen, handshake, handshakes
from psrebind.services import service
from psrebind.services.steps import Endpoint
from psrebind.sessions.base import Limits

MADE = make("a.example", "xn--mnchen-3ya.example", usages=None)


def test_what_is_served() -> None:
    """The thumbprint, the end of validity and the fit of the name are seen."""
    with tls_server(MADE) as server:
        found = handshake(Endpoint("127.0.0.1", server.port, "a.example"))
    assert found.thumbprint == MADE.thumbprint
    assert found.names_ok is True
    assert found.not_after
    assert (found.trusted, found.error) == (None, None)
    assert server.names == ["a.example"]


def test_wrong_name() -> None:
    """A certificate for other names is seen, and said not to fit."""
    with tls_server(MADE) as server:
        found = handshake(Endpoint("127.0.0.1", server.port, "b.example"))
    assert (found.thumbprint, found.names_ok) == (MADE.thumbprint, False)


def test_without_name() -> None:
    """Without a name none is sent, and whether it fits is unknown."""
    with tls_server(MADE) as server:
        found = handshake(Endpoint("127.0.0.1", server.port, None))
    assert (found.thumbprint, found.names_ok) == (MADE.thumbprint, None)
    assert server.names == [None]


def test_trust() -> None:
    """Trust is asked apart: a certificate that nobody vouches for is still seen."""
    with tls_server(MADE) as server:
        (stranger,) = handshakes([Endpoint("127.0.0.1", server.port, "a.example")])
    assert (stranger.thumbprint, stranger.trusted) == (MADE.thumbprint, False)


def test_trusted() -> None:
    """A certificate that the given authorities vouch for is trusted."""
    trust = ssl.create_default_context(cadata=MADE.pem.decode("ascii"))
    trust.check_hostname = False
    # The test's certificate is made for its own clock and vouches for itself.
    trust.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    with tls_server(MADE) as server:
        found = handshake(Endpoint("127.0.0.1", server.port, None), trust=trust)
    assert found.trusted is True


_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL


def test_refused() -> None:
    """A closed port is one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = handshake(Endpoint("127.0.0.1", port, None))
    assert found.error == "Connection refused"
    assert found.thumbprint is None


def test_silence() -> None:
    """A server that takes the connection and says nothing is waited for, and then named."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = handshake(Endpoint("127.0.0.1", silent.getsockname()[1], None), timeout=0.2)
    assert found.error == "no answer within 0.2 s"


def test_a_limit_ends_all() -> None:
    """Silent endpoints take no more than the limit together; each says that it was not seen."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        places = [Endpoint("127.0.0.1", silent.getsockname()[1], None)] * 64
        found = handshakes(places, timeout=60, limits=Limits.within(2))
    assert all(isinstance(one, Unseen) for one in found)
    assert found[0].error == "not waited for: the time limit of 2 s has passed"
    assert found[-1].error == "not looked at: the time limit of 2 s has passed"


def test_threads_are_of_the_process() -> None:
    """However many hosts are looked at together, so many handshakes run at a time and no more."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as silent:
        places = [Endpoint("127.0.0.1", silent.getsockname()[1], None)] * 64
        hosts = [
            threading.Thread(target=handshakes, args=[places], kwargs={"limits": Limits.within(1)})
            for _ in range(4)
        ]
        for host in hosts:
            host.start()
        for host in hosts:
            host.join()
    running = [one for one in threading.enumerate() if one.name.startswith("handshake")]
    assert 0 < len(running) <= AT_ONCE


def test_unresolvable() -> None:
    """A name that does not resolve is one sentence."""
    assert handshake(Endpoint("host.invalid", 443, None)).error


def test_many_in_order() -> None:
    """Answers come in the order of the endpoints."""
    with tls_server(MADE) as server, socket.create_server(("127.0.0.1", 0)) as free:
        places = [Endpoint("127.0.0.1", server.port, name) for name in ("a.example", "b.example")]
        closed = free.getsockname()[1]
        free.close()
        found = handshakes([places[0], Endpoint("127.0.0.1", closed, None), places[1]])
    assert [one.names_ok for one in found] == [True, None, False]
    assert [bool(one.error) for one in found] == [False, True, False]


def test_none() -> None:
    """Nothing to knock at needs no threads."""
    assert handshakes([]) == ()


@pytest.mark.parametrize(
    ("binding", "wanted"),
    [
        ("*:443:", ("10.0.0.1", 443, None)),
        (":443:", ("10.0.0.1", 443, None)),
        ("192.0.2.1:8443:", ("192.0.2.1", 8443, None)),
        ("[2001:db8::1]:443:", ("2001:db8::1", 443, None)),
        ("*:443:München.example", ("10.0.0.1", 443, "xn--mnchen-3ya.example")),
        ("0.0.0.0:443:", ("10.0.0.1", 443, None)),
        ("[::]:443:a.example", ("10.0.0.1", 443, "a.example")),
        ("[0:0::0]:443:", ("10.0.0.1", 443, None)),
        ("[::1]:443:", ("::1", 443, None)),
        ("*:443:*.A.example", ("10.0.0.1", 443, "psrebind-asks-for-the-wildcard.a.example")),
        ("*:443:192.0.2.7", ("10.0.0.1", 443, None)),
    ],
)
def test_endpoint(binding: str, wanted: tuple[str, int, str | None]) -> None:
    """The session's address stands for any address; the name is an A-label or none."""
    (found,) = observed([binding], [], ()).places
    assert service("iis").endpoint(found, "10.0.0.1") == Endpoint(*wanted)
