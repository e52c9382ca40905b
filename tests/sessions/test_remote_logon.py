"""RemoteSession asks before a credential goes out for the first time, and tells of its success."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from winrm import PASSWORD, Winrm

from psrebind.errors import AuthenticationError, ConnectError
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.model import Secret
from psrebind.script import Script
from psrebind.sessions.base import Limits
from psrebind.sessions.credentials import Credential
from psrebind.sessions.remote import RemoteSession


class Doorman:
    """A Logon that writes down what the host was asked when it was asked itself."""

    def __init__(self, winrm: Winrm, begin: Callable[[], None] = lambda: None) -> None:
        self.asked: list[list[str]] = []
        self.told: list[list[str]] = []
        self._winrm = winrm
        self._begin = begin

    def begin(self) -> None:
        """Do as the test says."""
        self.asked.append(self._winrm.actions)
        self._begin()

    def accepted(self) -> None:
        """Write it down."""
        self.told.append(self._winrm.actions)


def session(winrm: Winrm, logon: Doorman, password: str = PASSWORD) -> RemoteSession:
    """A session that asks this doorman."""
    credential = Credential("labadmin", Secret(password))
    return RemoteSession(winrm.options(), credential, logon=logon)


def test_it_is_asked_between_the_first_answer_and_the_credential(winrm: Winrm) -> None:
    """The anonymous request has its answer; acceptance is told before the shell is asked for."""
    doorman = Doorman(winrm)
    with session(winrm, doorman) as opened:
        opened.invoke(Script("x"))
        opened.invoke(Script("y"))
    assert doorman.asked == [["Logon"]]
    assert doorman.told == [["Logon"] * 3]


def test_a_credential_that_may_not_be_sent_is_not(winrm: Winrm) -> None:
    """What the doorman says is the session's error, now and later, and nobody logged on."""

    def refuse() -> None:
        raise AuthenticationError("web01", "not tried")

    doorman = Doorman(winrm, refuse)
    with session(winrm, doorman) as opened:
        for _ in range(2):
            with pytest.raises(AuthenticationError, match="not tried"):
                opened.open()
    assert winrm.actions == ["Logon"]
    assert winrm.endpoint.logons == {}
    assert doorman.told == []


def test_a_refused_credential_was_not_taken(winrm: Winrm) -> None:
    """A wrong password is told by the session's error alone."""
    doorman = Doorman(winrm)
    with session(winrm, doorman, "wrong") as opened, pytest.raises(AuthenticationError):
        opened.open()
    assert (len(doorman.asked), doorman.told) == (1, [])


def test_a_new_connection_asks_again(winrm: Winrm) -> None:
    """After a loss the credential goes out anew, and by then others may have refused it."""
    doorman = Doorman(winrm)
    with session(winrm, doorman) as opened:
        winrm.faults.arm(NetworkFault.CUT_BEFORE, number=4)
        with pytest.raises(ConnectError):
            opened.open()
        opened.open(limits=Limits.within(20))
    assert len(doorman.asked) == len(doorman.told) >= 2
