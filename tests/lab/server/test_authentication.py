"""Logons at the lab's endpoint, and its certificate."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from lab.server.endpoint_host import (
    ADDRESS,
    USER,
    EngineFactory,
    Host,
    ask,
    make_certificate,
)
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.powershell import RunspacePool

from psrebind.lab.server.authentication import Logons
from psrebind.lab.server.endpoint import Endpoint, EndpointSettings
from psrebind.lab.server.network_faults import NetworkFaults


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_pipeline_over_http(start: Callable[..., Host], model: EngineFactory, auth: str) -> None:
    """NTLM, raw or inside SPNEGO, with message encryption carries a pipeline."""
    host = start(model)
    with RunspacePool(host.client(auth)) as pool:
        assert ask(pool, "'hello'") == ["hello"]
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=0)}


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
def test_pipeline_over_tls(
    start: Callable[..., Host], model: EngineFactory, certificate: Path, auth: str
) -> None:
    """Every scheme works inside TLS, where messages need no encryption of their own."""
    host = start(model, certificate=certificate)
    with RunspacePool(host.client(auth, tls=certificate)) as pool:
        assert ask(pool, "'hello'") == ["hello"]
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=0)}


def test_message_encryption_over_tls(
    start: Callable[..., Host], model: EngineFactory, certificate: Path
) -> None:
    """A client may encrypt its messages inside TLS too."""
    host = start(model, certificate=certificate)
    with RunspacePool(host.client(tls=certificate, encryption="always")) as pool:
        assert ask(pool, "'hello'") == ["hello"]


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_wrong_password(start: Callable[..., Host], model: EngineFactory, auth: str) -> None:
    """A wrong password is one failed attempt, three requests and no shell."""
    host = start(model)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client(auth, password="wrong")).open()
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=1)}
    assert [entry.action for entry in host.endpoint.requests] == ["Logon"] * 3


def test_wrong_password_over_tls(
    start: Callable[..., Host], model: EngineFactory, certificate: Path
) -> None:
    """Basic with a wrong password is one failed attempt."""
    host = start(model, certificate=certificate)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client("basic", tls=certificate, password="wrong")).open()
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=1)}


def test_unknown_user(start: Callable[..., Host], model: EngineFactory) -> None:
    """A user that does not exist is counted under its own name."""
    host = start(model)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client(username="stranger")).open()
    assert host.endpoint.logons == {"stranger": Logons(attempts=1, failures=1)}


def test_local_user_with_dot(start: Callable[..., Host], model: EngineFactory) -> None:
    """`.\\user` is the same local user."""
    host = start(model)
    with RunspacePool(host.client(username=f".\\{USER}")) as pool:
        assert ask(pool, "'hello'") == ["hello"]


def test_basic_needs_tls(start: Callable[..., Host], model: EngineFactory) -> None:
    """Basic over plain HTTP is refused without a look at the password."""
    host = start(model)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client("basic", encryption="never")).open()
    assert host.endpoint.logons == {}


def test_basic_over_http_when_allowed(start: Callable[..., Host], model: EngineFactory) -> None:
    """AllowUnencrypted lets Basic over plain HTTP in."""
    host = start(model, allow_unencrypted=True)
    with RunspacePool(host.client("basic", encryption="never")) as pool:
        assert ask(pool, "'hello'") == ["hello"]


def test_unencrypted_body_is_refused(start: Callable[..., Host], model: EngineFactory) -> None:
    """A plain body over plain HTTP is refused even from a known user."""
    host = start(model)
    with pytest.raises(WinRMTransportError) as refusal:
        RunspacePool(host.client(encryption="never")).open()
    assert refusal.value.code == 500
    assert host.endpoint.open_shells == 0


def test_offered_schemes(start: Callable[..., Host], model: EngineFactory) -> None:
    """A request without credentials learns what may be tried."""
    host = start(model)
    url = f"http://{ADDRESS}:{host.endpoint.http_port}/wsman"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(url)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Negotiate")


def test_password_stays_out_of_the_environment(
    start: Callable[..., Host], model: EngineFactory
) -> None:
    """After a logon nothing in the environment names the users."""
    before = dict(os.environ)
    with RunspacePool(start(model).client()):
        assert dict(os.environ) == before


def test_twenty_clients_at_once(start: Callable[..., Host], model: EngineFactory) -> None:
    """Connections keep their users and their encryption apart."""
    host = start(model)
    everyone_is_in = threading.Barrier(20, timeout=60)

    def visit(number: int) -> list[Any]:
        with RunspacePool(host.client("negotiate" if number % 2 else "ntlm")) as pool:
            everyone_is_in.wait()
            return ask(pool, f"'{number}'")

    with ThreadPoolExecutor(20) as visitors:
        visits = [visitors.submit(visit, number) for number in range(20)]
    # Who could not come in is the reason why the others waited in vain.
    errors = [error for one in visits if (error := one.exception())]
    assert [error for error in errors if not isinstance(error, threading.BrokenBarrierError)] == []
    assert [one.result() for one in visits] == [[str(number)] for number in range(20)]
    assert host.endpoint.logons == {USER: Logons(attempts=20, failures=0)}


def test_another_certificate(
    start: Callable[..., Host], model: EngineFactory, certificate: Path, tmp_path: Path
) -> None:
    """The next handshake shows the certificate that was put in place."""
    other = make_certificate(tmp_path / "other.pem")
    host = start(model, certificate=certificate)
    where = (ADDRESS, host.endpoint.https_port)
    before = ssl.get_server_certificate(where)
    host.endpoint.use_certificate(other)
    after = ssl.get_server_certificate(where)
    assert before in certificate.read_text()
    assert after in other.read_text()


def test_port_in_use(start: Callable[..., Host], model: EngineFactory) -> None:
    """An endpoint that cannot listen says so, and leaves nothing behind."""
    host = start(model)
    settings = EndpointSettings(ADDRESS, {}, http_port=host.endpoint.http_port)
    second = Endpoint(settings, model, NetworkFaults())
    with pytest.raises(OSError, match="address already in use"):
        host.run(second.start())
