"""What RemoteSession says and leaves behind when the connection does not hold."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from winrm import ADDRESS, Serve, Slow, Winrm, free_port

from psrebind.errors import ConnectError, PsrebindError, SessionError, SessionLost
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.replies import Reply
from psrebind.script import Script
from psrebind.sessions.base import Limits
from psrebind.sessions.remote import ConnectionOptions, RemoteSession

# What one script costs; a test below holds this list against the server's own count.
ACTIONS = ["Logon", "Logon", "Logon", "Create", "Receive", "Command", "Receive", "Delete"]
COMMAND = ACTIONS.index("Command")
ANSWER = ACTIONS.index("Receive", COMMAND)
Outcome = Reply | PsrebindError


def outcome(winrm: Winrm, limits: Limits | None = None) -> Outcome:
    """The reply of one script, or the error, after the session is closed."""
    with winrm.session() as session:
        try:
            return session.invoke(Script("x"), limits=limits)
        except PsrebindError as error:
            return error


def expected(number: int) -> type[Outcome]:
    """What must be said when the request of that number, from 0, gets no answer."""
    if number < COMMAND:
        return ConnectError
    return SessionLost if number <= ANSWER else Reply


def at_each_request(check: Callable[[int], str | None]) -> list[str]:
    """Run one check for each request, at once since most of it is waiting; give the complaints."""
    with ThreadPoolExecutor(len(ACTIONS)) as pool:
        return [said for said in pool.map(check, range(len(ACTIONS))) if said]


def complaint(winrm: Winrm, number: int, got: Outcome) -> str | None:
    """What is wrong with an outcome, or None."""
    wanted = expected(number)
    if type(got) is wanted and winrm.endpoint.open_shells == 0:
        return None
    return (
        f"{ACTIONS[number]} ({number}): {got!r} instead of {wanted.__name__}, "
        f"{winrm.endpoint.open_shells} shells, {winrm.actions}"
    )


def test_the_requests_are_those_of_the_list(winrm: Winrm) -> None:
    """One script is these requests, which the tests below go through one by one."""
    assert isinstance(outcome(winrm), Reply)
    assert winrm.actions == ACTIONS


@pytest.mark.parametrize("fault", [NetworkFault.CUT_BEFORE, NetworkFault.CUT_AFTER])
def test_a_cut_at_each_request(serve: Serve, fault: NetworkFault) -> None:
    """Unreachable before Command, unknown after it, a reply once it is there; no shell stays."""

    def check(number: int) -> str | None:
        with serve() as winrm:
            winrm.faults.arm(fault, number=number + 1)
            return complaint(winrm, number, outcome(winrm))

    assert at_each_request(check) == []


def test_a_deadline_at_each_request(serve: Serve) -> None:
    """A host that falls silent does not hold the caller, wherever it does; no shell stays."""

    def check(number: int) -> str | None:
        with serve() as winrm:
            winrm.faults.arm(NetworkFault.STALL, number=number + 1)
            got = outcome(winrm, Limits.within(6))
            # A caller that waits for the connection's own time limit is told of that one.
            if isinstance(got, SessionError) and "time limit of 6 s" not in got.reason:
                return f"{ACTIONS[number]}: {got}"
            return complaint(winrm, number, got)

    assert at_each_request(check) == []


def test_a_cancel_at_each_request(serve: Serve) -> None:
    """The flag stops a call at each of its requests; no shell stays."""

    def cancel(winrm: Winrm, limits: Limits) -> None:
        while winrm.faults.armed:
            time.sleep(0.01)
        limits.cancelled.set()

    def check(number: int) -> str | None:
        with serve() as winrm:
            winrm.faults.arm(NetworkFault.STALL, number=number + 1)
            limits = Limits()
            Thread(target=cancel, args=(winrm, limits), daemon=True).start()
            return complaint(winrm, number, outcome(winrm, limits))

    assert at_each_request(check) == []


def test_a_cancel_while_the_script_runs(serve: Serve, slow: Slow) -> None:
    """A host that is silent for long is not waited for: its shell goes, and the Receive with it."""
    limits = Limits()

    def cancel() -> None:
        slow.begun.wait(20)
        while winrm.actions[-2:] != ["Command", "Receive"]:
            time.sleep(0.01)
        limits.cancelled.set()

    with serve(slow) as winrm:
        Thread(target=cancel, daemon=True).start()
        got = outcome(winrm, limits)
        assert isinstance(got, SessionLost)
        assert got.reason == "cancelled"
        assert winrm.endpoint.open_shells == 0
        # What follows is the worker's own farewell to a shell that is gone.
        assert winrm.actions[:11] == [*ACTIONS[:-1], "Logon", "Logon", "Logon", "Delete"]
        assert winrm.endpoint.logons["labadmin"].failures == 0


def test_a_silent_host_costs_no_requests(serve: Serve, slow: Slow) -> None:
    """One Receive waits for an answer that takes seconds: many hosts are not asked all the time."""

    def answer() -> None:
        slow.begun.wait(20)
        time.sleep(2.2)
        slow.release.set()

    with serve(slow) as winrm:
        Thread(target=answer, daemon=True).start()
        assert isinstance(outcome(winrm), Reply)
        assert winrm.actions == ACTIONS


def test_a_deadline_stops_the_script_in_order(serve: Serve, slow: Slow) -> None:
    """The last Receive ends with the time that is left; the shell is closed where it was opened."""
    with serve(slow) as winrm:
        with winrm.session() as session:
            # Before, so that the limit is the script's alone.
            session.open()
            with pytest.raises(SessionLost):
                session.invoke(Script("x"), limits=Limits.within(3))
        assert winrm.endpoint.open_shells == 0
        assert winrm.actions[-3:] == ["Receive", "Signal", "Delete"]
        assert winrm.endpoint.logons["labadmin"].attempts == 1


def test_a_pipeline_is_freed_before_the_next(winrm: Winrm) -> None:
    """Only a pipeline that another follows costs a request of its own; the last ends with all."""
    with winrm.session() as session:
        for _ in range(3):
            session.invoke(Script("x"))
    script = ["Command", "Receive"]
    assert winrm.actions[5:] == [*script, "Signal", *script, "Signal", *script, "Delete"]


@pytest.mark.parametrize("fault", [NetworkFault.CUT_BEFORE, NetworkFault.CUT_AFTER])
def test_a_cut_while_a_pipeline_is_freed(winrm: Winrm, fault: NetworkFault) -> None:
    """The next script does not suffer from it: it gets a shell of its own, and runs once."""
    with winrm.session() as session:
        session.invoke(Script("x"))
        winrm.faults.arm(fault, number=1)
        assert session.invoke(Script("y"))
    assert winrm.actions.count("Command") == 2
    assert winrm.actions.count("Create") == 2
    assert winrm.endpoint.open_shells == 0


def test_a_session_opens_anew_after_a_loss(winrm: Winrm) -> None:
    """The next script after a loss gets a shell of its own."""
    with winrm.session() as session:
        winrm.faults.arm(NetworkFault.CUT_BEFORE, number=COMMAND + 1)
        with pytest.raises(SessionLost):
            session.invoke(Script("x"))
        assert session.invoke(Script("y"))
    assert winrm.actions.count("Create") == 2
    assert winrm.endpoint.open_shells == 0


def test_limits_that_are_reached_send_nothing(winrm: Winrm) -> None:
    """A call whose time is over before it begins touches no network."""
    cancelled = Event()
    cancelled.set()
    with winrm.session() as session:
        for limits in (Limits.within(0), Limits.within(None, cancelled)):
            with pytest.raises(ConnectError, match="before the script was sent"):
                session.invoke(Script("x"), limits=limits)
    assert winrm.actions == []


def test_a_password_is_not_tried_again_to_tidy_up(winrm: Winrm) -> None:
    """A logon that got no answer is not repeated for the sake of a shell that may not exist."""
    winrm.faults.arm(NetworkFault.CUT_AFTER, number=3)
    assert isinstance(outcome(winrm), ConnectError)
    assert winrm.endpoint.logons["labadmin"].attempts == 1


def reason(host: str = ADDRESS, **named: object) -> str:
    """What a ConnectError says of a host that cannot be reached."""
    options = ConnectionOptions(host, **named)  # type: ignore[arg-type]
    with RemoteSession(options) as session, pytest.raises(ConnectError) as caught:
        session.invoke(Script("x"), limits=Limits.within(10))
    assert str(caught.value).startswith(f"{host}: ")
    return caught.value.reason


def test_a_closed_port_is_named() -> None:
    """A closed port is called one."""
    port = free_port()
    assert reason(port=port) == f"port {port} is closed"


def test_a_name_that_does_not_resolve_is_called_so() -> None:
    """A name that nobody knows is called one."""
    assert reason("no-such-host.invalid") == "the name does not resolve"


@pytest.mark.parametrize("user", ["", "alice@", "alice:sesame@", "alice:ses@me@"])
def test_a_proxy_s_password_is_not_told(user: str) -> None:
    """A proxy that is not there is named without the user and the password of its URL."""
    place = f"{ADDRESS}:{free_port()}"
    proxy = f"http://{user}{place}"
    assert reason("web01", proxy=proxy).endswith(f"let us through: http://{place}")
    assert proxy not in repr(ConnectionOptions("web01", proxy=proxy))


def test_an_overloaded_host_is_called_so(winrm: Winrm) -> None:
    """HTTP 503 is told apart from a closed port."""
    winrm.faults.arm(NetworkFault.UNAVAILABLE)
    assert "503" in str(outcome(winrm))


def test_too_many_shells_name_the_quota(serve: Serve) -> None:
    """A quota of shells that is used up is named."""
    with serve(max_shells_per_user=1) as winrm, winrm.session() as first:
        first.open()
        got = outcome(winrm)
        assert isinstance(got, ConnectError)
        assert "MaxShellsPerUser" in got.reason


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A port where something else than WinRM answers, or nothing at all."""
    over = Event()
    with socket.create_server((ADDRESS, 0)) as server:

        def serve() -> None:
            with server.accept()[0] as peer:
                peer.recv(4096)
                if answer is None:
                    over.wait(20)
                else:
                    peer.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        over.set()
        thread.join(5)


def test_a_stranger_on_the_port_is_no_host() -> None:
    """A server that is not WinRM is an error about the connection, whatever it answers."""
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with listening(page) as port:
        assert reason(port=port)
    with listening(missing) as port:
        assert "404" in reason(port=port)
    with listening(b"SSH-2.0-OpenSSH\r\n") as port:
        assert "cut" in reason(port=port)


def test_a_host_that_says_nothing_loses_to_the_deadline() -> None:
    """The time limit wins over the connection's own, longer one."""
    with listening(None) as port:
        session = RemoteSession(ConnectionOptions(ADDRESS, port=port, read_timeout=60))
        with session, pytest.raises(ConnectError, match="time limit"):
            session.invoke(Script("x"), limits=Limits.within(0.5))
