"""The runner: many hosts at a time, an untried credential on one of them, every ending told."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from psrebind.errors import AuthenticationError, ConnectError, ScriptError, SessionLost
from psrebind.fleet.runner import Result, Runner
from psrebind.replies import Reply
from psrebind.script import Script
from psrebind.sessions.base import Limits, Logon, OnStream, Session


@dataclass(frozen=True)
class Place:
    """A host by name; those of one credential share it."""

    name: str
    credential: str | None = "admin"


class Door:
    """A session at the seam: opening it is a function of the test."""

    def __init__(self, host: str, logon: Logon, fleet: Fleet):
        self.host = host
        self._logon = logon
        self._fleet = fleet
        self.closed = False

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, *, limits: Limits | None = None) -> None:
        """Connect, log on when it may, and be let in, as the test says."""
        self._fleet.connecting(self.host)
        self._logon.begin()
        self._fleet.logged_on.append(self.host)
        self._fleet.logging_on(self.host)
        if self.host in self._fleet.errors:
            raise self._fleet.errors[self.host]
        self._logon.accepted()

    def invoke(
        self, script: Script, *, limits: Limits | None = None, on_stream: OnStream | None = None
    ) -> Reply:
        """Never asked here: the work is a function of the test."""
        raise NotImplementedError

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class Fleet:
    """Hosts whose opening and work are functions; remembers who was sent the credential."""

    def __init__(self) -> None:
        self.logged_on: list[str] = []
        self.doors: list[Door] = []
        self.errors: dict[str, Exception] = {}
        self.connecting: Callable[[str], Any] = lambda _: None
        self.logging_on: Callable[[str], Any] = lambda _: None
        self.work: Callable[[str], Any] = lambda name: name.upper()

    def runner(self, **how: Any) -> Runner[Place, Any]:
        """A runner over these hosts."""
        return Runner(self.open, lambda _, host, __: self.work(host.name), **how)

    def open(self, host: Place, logon: Logon) -> Session:
        """A session whose opening asks this fleet."""
        door = Door(host.name, logon, self)
        self.doors.append(door)
        return door


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """A fleet whose sessions are all closed at the end."""
    found = Fleet()
    yield found
    assert all(door.closed for door in found.doors)


def places(count: int, credential: str | None = "admin") -> list[Place]:
    """So many hosts with one credential."""
    return [Place(f"web{number:02}", credential) for number in range(count)]


def by_name(results: Iterator[Result[Place, Any]]) -> dict[str, Result[Place, Any]]:
    """Results by host; each host has one."""
    found: dict[str, Result[Place, Any]] = {}
    for result in results:
        assert result.host.name not in found
        found[result.host.name] = result
    return found


def test_each_host_has_its_value(fleet: Fleet) -> None:
    """Fifty hosts give fifty values."""
    results = by_name(fleet.runner().run(places(50)))
    assert {name: result.value for name, result in results.items()} == {
        f"web{number:02}": f"WEB{number:02}" for number in range(50)
    }


@pytest.mark.parametrize("credential", ["admin", None])
def test_hosts_run_at_the_same_time(fleet: Fleet, credential: str | None) -> None:
    """As many hosts as there are forks meet at work, at a barrier that only all of them can pass:
    a credential counts as good once the first was let in, and nobody's needs no first."""
    barrier = threading.Barrier(8, timeout=20)
    fleet.work = lambda _: barrier.wait()
    results = by_name(fleet.runner(forks=8).run(places(8, credential)))
    assert [result.error or result.bug for result in results.values()] == [None] * 8


def test_no_more_than_the_forks_run(fleet: Fleet) -> None:
    """At a barrier that one host more than there are forks could pass, none ever passes."""
    barrier, passed = threading.Barrier(4, timeout=2), list[str]()

    def work(name: str) -> str:
        with suppress(threading.BrokenBarrierError):
            barrier.wait()
            passed.append(name)
        return name

    fleet.work = work
    assert len(by_name(fleet.runner(forks=3).run(places(12)))) == 12
    assert passed == []


def test_a_refused_credential_is_tried_once(fleet: Fleet) -> None:
    """Twenty connect, one of them is sent the credential, the others of fifty hear who refused."""
    hosts = places(50)
    together = threading.Barrier(20, timeout=20)
    fleet.connecting = lambda _: together.wait()
    fleet.errors = {host.name: AuthenticationError(host.name, "wrong password") for host in hosts}
    results = by_name(fleet.runner(forks=20).run(hosts))
    (tried,) = fleet.logged_on
    assert all(isinstance(result.error, AuthenticationError) for result in results.values())
    told = {str(result.error) for name, result in results.items() if name != tried}
    assert told == {
        f"{host.name}: not tried: {tried} refused the same credential"
        for host in hosts
        if host.name != tried
    }
    assert sum(result.began for result in results.values()) == 20


def test_another_credential_goes_on(fleet: Fleet) -> None:
    """A refused credential stops its own hosts and no others."""
    good, bad = places(5), [Place(f"sql{number}", "other") for number in range(5)]
    fleet.errors = {host.name: AuthenticationError(host.name, "no") for host in bad}
    results = by_name(fleet.runner().run([*bad, *good]))
    assert len(set(fleet.logged_on) & {host.name for host in bad}) == 1
    assert all(results[host.name].value for host in good)


def test_a_dead_host_does_not_prove_a_credential(fleet: Fleet) -> None:
    """When the host that was sent the credential is cut, the next one tries it, still alone."""
    hosts = places(6)
    fleet.errors = {host.name: AuthenticationError(host.name, "no") for host in hosts}

    def cut(name: str) -> None:
        if fleet.logged_on == [name]:
            fleet.errors[name] = ConnectError(name, "the connection was cut")

    fleet.logging_on = cut
    results = by_name(fleet.runner().run(hosts))
    first, second = fleet.logged_on
    assert isinstance(results[first].error, ConnectError)
    assert str(results[second].error) == f"{second}: no"
    rest = [result.error for name, result in results.items() if name not in (first, second)]
    assert {str(error).partition(": ")[2] for error in rest} == {
        f"not tried: {second} refused the same credential"
    }


def test_hosts_that_hang_do_not_hold_up_the_others(fleet: Fleet) -> None:
    """Hosts that do not answer before they are sent a credential leave the turn to the others."""
    others_done = threading.Event()

    def connect(name: str) -> None:
        if name < "web06":
            assert others_done.wait(20)

    fleet.connecting = connect
    ended = []
    for result in fleet.runner().run(places(12)):
        ended.append(result.host.name)
        if len(ended) == 6:
            others_done.set()
    assert sorted(ended[:6]) == [f"web{number:02}" for number in range(6, 12)]


@pytest.mark.parametrize("whole", [2.0, None])
def test_a_host_that_waits_for_its_turn_heeds_the_limits(fleet: Fleet, whole: float | None) -> None:
    """While one host tries the credential, the run's time or a person ends those that wait."""
    limits, over = Limits.within(whole), threading.Event()

    def hang(_: str) -> None:
        if whole is None:
            limits.cancelled.set()
        assert over.wait(20)

    fleet.logging_on = hang
    errors = []
    for result in fleet.runner(limits=limits, forks=4).run(places(4)):
        errors.append(str(result.error).partition(": ")[2])
        if len(errors) == 3:
            over.set()
    assert len(fleet.logged_on) == 1
    reason = "cancelled" if whole is None else "the time limit of 2 s has passed"
    assert errors[:3] == [f"{reason} before the script was sent"] * 3


def test_a_silent_logon_costs_no_other_host(fleet: Fleet) -> None:
    """A host whose time another one used up by its silence has all of it once it has the turn."""

    def hang(name: str) -> None:
        if fleet.logged_on == [name]:
            time.sleep(2.5)
            fleet.errors[name] = ConnectError(name, "the host stopped answering")

    fleet.logging_on = hang
    began: list[str] = []
    runner = fleet.runner(seconds=1, on_started=lambda host: began.append(host.name))
    results = by_name(runner.run(places(5)))
    silent = fleet.logged_on[0]
    assert [name for name, result in results.items() if result.error] == [silent]
    assert sorted(began) == sorted(results)


def test_a_refusal_in_mid_run_stops_the_rest(fleet: Fleet) -> None:
    """A credential that was accepted once and is refused later is tried on no further host."""
    fleet.errors = {"web01": AuthenticationError("web01", "the password has expired")}
    results = by_name(fleet.runner(forks=1).run(places(5)))
    assert fleet.logged_on == ["web00", "web01"]
    assert results["web00"].value == "WEB00"
    assert "not tried: web01" in str(results["web04"].error)


def test_nobody_s_credential_cannot_be_refused_for_others(fleet: Fleet) -> None:
    """Hosts of client certificates or without a user stand for themselves."""
    fleet.errors = {"web00": AuthenticationError("web00", "no")}
    results = by_name(fleet.runner(forks=1).run(places(3, None)))
    assert [result.error is None for result in results.values()] == [False, True, True]


@pytest.mark.parametrize(
    "error",
    [ConnectError("web01", "down"), SessionLost("web01", "cut"), ScriptError("no such site")],
)
def test_an_error_stays_with_its_host(fleet: Fleet, error: Exception) -> None:
    """A host's failure is data, and the others finish."""
    fleet.errors = {"web01": error}
    results = by_name(fleet.runner().run(places(3)))
    assert results["web01"].error is error
    assert results["web02"].value == "WEB02"


def test_a_bug_stays_with_its_host(fleet: Fleet) -> None:
    """A bug that one host brings out is that host's, with its traceback; the others go on."""

    def work(name: str) -> str:
        if name == "web01":
            raise RuntimeError("a bug of ours")
        return name

    fleet.work = work
    results = by_name(fleet.runner(forks=1).run(places(5)))
    assert "a bug of ours" in (results["web01"].bug or "")
    assert all(result.began for result in results.values())
    assert [name for name, result in results.items() if result.bug] == ["web01"]


def test_cancelling_stops_new_hosts(fleet: Fleet) -> None:
    """Once somebody cancels, running hosts finish and no new one begins."""
    limits = Limits()

    def work(name: str) -> str:
        limits.cancelled.set()
        return name

    fleet.work = work
    results = by_name(fleet.runner(forks=1, limits=limits).run(places(4)))
    assert [result.began for result in results.values()] == [True, False, False, False]


def test_an_interruption_reaches_the_sessions(fleet: Fleet) -> None:
    """When the consumer is interrupted, running hosts see the flag and close."""
    limits = Limits()
    fleet.work = lambda _: limits.cancelled.wait(20)
    running = fleet.runner(forks=2, limits=limits).run(places(1) + places(3)[1:])

    fleet.errors = {"web01": ScriptError("ends at once")}
    assert next(running).host.name == "web01"
    with pytest.raises(KeyboardInterrupt):
        running.throw(KeyboardInterrupt())
    assert limits.cancelled.is_set()


def test_a_run_that_is_left_early_does_not_stop_the_next(fleet: Fleet) -> None:
    """Leaving the loop stops the hosts of that run; the limits it had serve another."""
    limits, ended = Limits(), threading.Event()

    def work(_: Session, host: Place, its: Limits) -> str:
        if host.name == "web01" and its.cancelled.wait(20):
            ended.set()
        return host.name

    runner = Runner(fleet.open, work, forks=2, limits=limits)
    leaving = runner.run(places(5))
    next(leaving)
    leaving.close()
    assert ended.is_set()
    assert not limits.cancelled.is_set()
    assert next(runner.run(places(1))).value == "web00"


def test_cancelling_reaches_a_host_at_work(fleet: Fleet) -> None:
    """A host that waits on its limits hears of a person's flag while nobody asks for results."""
    limits, begun, heard = Limits(), threading.Event(), threading.Event()

    def work(_: Session, host: Place, its: Limits) -> None:
        if host.name == "web01":
            begun.set()
            assert its.cancelled.wait(20)
            heard.set()

    running = Runner(fleet.open, work, forks=2, limits=limits).run(places(2))
    next(running)
    assert begun.wait(20)
    limits.cancelled.set()
    assert heard.wait(20)
    assert len(list(running)) == 1


class Big:
    """A result that a weak reference can watch."""


def test_no_result_is_kept(fleet: Fleet) -> None:
    """However many hosts, only the results of those at work are in memory."""
    alive: weakref.WeakSet[Big] = weakref.WeakSet()

    def work(_: str) -> Big:
        made = Big()
        alive.add(made)
        return made

    fleet.work = work
    most = 0
    for result in fleet.runner(forks=4).run(places(300)):
        assert result.value
        most = max(most, len(alive))
    # Those at work, those that wait to be taken, and the one in hand.
    assert most <= 4 + 4 + 1


def test_each_host_has_its_own_time(fleet: Fleet) -> None:
    """A host's deadline counts from its own start and never beyond the whole run's."""
    seen: list[float | None] = []
    runner: Runner[Place, None] = Runner(
        fleet.open,
        lambda _, __, limits: seen.append(limits.remaining),
        seconds=50,
        limits=Limits.within(20),
    )
    list(runner.run(places(2)))
    assert all(remaining is not None and 0 < remaining <= 20 for remaining in seen)


@pytest.mark.parametrize(("host", "whole"), [(1, 50), (None, 1), (50, 1), (1, None)])
def test_the_limit_that_was_reached_is_named(
    fleet: Fleet, host: float | None, whole: float | None
) -> None:
    """Of the host's time and the whole run's, the sentence names the one that has passed."""
    reasons: list[str | None] = []

    def work(_: Session, __: Place, limits: Limits) -> None:
        while not limits.reached:
            limits.cancelled.wait(0.01)
        reasons.append(limits.reached)

    runner: Runner[Place, None] = Runner(
        fleet.open, work, seconds=host, limits=Limits.within(whole)
    )
    list(runner.run(places(1)))
    assert reasons == ["the time limit of 1 s has passed"]
