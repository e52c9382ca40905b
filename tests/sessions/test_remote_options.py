"""Options of a session that only the host or the network can show."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from winrm import ADDRESS, Winrm

from psrebind.errors import ConnectError
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.script import Script
from psrebind.sessions.base import Limits
from psrebind.sessions.remote import ConnectionOptions, RemoteSession
from psrebind.sessions.worker import IDLE_TIMEOUT


def refusal(session: RemoteSession) -> str:
    """What a ConnectError says, long before any limit of the caller's."""
    with session, pytest.raises(ConnectError) as caught:
        session.invoke(Script("x"), limits=Limits.within(20))
    return str(caught.value)


def test_an_unknown_configuration_is_named(winrm: Winrm) -> None:
    """The host's fault for a session configuration that it does not have becomes our sentence."""
    said = refusal(winrm.session(configuration_name="nope"))
    assert "there is no session configuration nope. See Get-PSSessionConfiguration" in said
    assert "Command" not in winrm.actions
    assert winrm.endpoint.open_shells == 0


def test_the_configuration_may_be_named(winrm: Winrm) -> None:
    """A configuration is found by its name in any case."""
    with winrm.session(configuration_name="microsoft.powershell") as session:
        assert session.invoke(Script("x"))


def test_the_shell_is_as_we_want_it(winrm: Winrm) -> None:
    """The host is told to end a shell that nobody uses, and to load no profile."""
    with winrm.session() as session:
        session.open()
        (shell,) = winrm.endpoint.shells.open
    assert shell.idle_timeout == IDLE_TIMEOUT == 180
    assert shell.options["WINRS_NOPROFILE"] == "TRUE"


def test_a_host_that_falls_silent_is_given_up_after_the_read_timeout(winrm: Winrm) -> None:
    """Of an answer that does not come the connection's own time is the end."""
    winrm.faults.arm(NetworkFault.STALL)
    said = refusal(winrm.session(read_timeout=1))
    assert said == f"{ADDRESS}: the host stopped answering"


@pytest.fixture
def full() -> Iterator[int]:
    """A port that takes no more connections: as many wait as may, and nobody accepts them."""
    with socket.socket() as server:
        server.bind((ADDRESS, 0))
        server.listen(0)
        place = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(place)
        yield int(place[1])
        for one in waiting:
            one.close()


def test_a_host_that_takes_no_connection_is_given_up_after_the_connect_timeout(full: int) -> None:
    """Packets that are swallowed are told apart from a closed port."""
    said = refusal(RemoteSession(ConnectionOptions(ADDRESS, port=full, connect_timeout=1)))
    assert f"no connection to port {full} within 1 s. The host is down, or a firewall" in said
