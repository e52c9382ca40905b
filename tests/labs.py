"""A lab for tests: running hosts of either engine, and sessions with them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from psrebind.errors import ScriptError
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.stage.scenario import Swap
from psrebind.lab.windows.http_sys import Options, Record
from psrebind.lab.windows.state import HostState
from psrebind.model import Renewal, Secret, Thumbprint
from psrebind.operations import Operation, run
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.observe import observe
from psrebind.rebind.options import Method, RebindOptions
from psrebind.rebind.run import Applied, Prepared, apply, prepare
from psrebind.sessions.credentials import Credential
from psrebind.sessions.remote import ConnectionOptions, RemoteSession
from psrebind.templates import Library


def network() -> str:
    """A loopback network of this test process's own: other workers run labs too."""
    return f"127.{20 + os.getpid() % 200}.{os.getpid() // 200 % 250}"


@contextmanager
def running(folder: Path, engine: Path | None, **how: Any) -> Iterator[Lab]:
    """A new lab, on the air for the length of a with block."""
    with Lab.create(folder, engine, network=network(), **how).running() as lab:
        yield lab


def credential(lab: Lab) -> Credential:
    """The lab user's name and password."""
    return Credential(lab.user, Secret(lab.password))


def connect(lab: Lab, name: str = "web01", **options: Any) -> RemoteSession:
    """A session with one of the lab's hosts."""
    where = ConnectionOptions(lab.hosts[name].address, **options)
    return RemoteSession(where, credential(lab))


def ask(session: RemoteSession, operation: Operation[Any], library: Library | None = None) -> Any:
    """The rows of one operation in a script of its own; raises its error."""
    reply = run([operation], session, library=library)
    return operation.rows(reply.bodies[0])


def refusal(session: RemoteSession, operation: Operation[Any], library: Library) -> ScriptError:
    """The error of an operation that must fail."""
    try:
        ask(session, operation, library)
    except ScriptError as error:
        return error
    raise AssertionError("the operation succeeded")


def swap(lab: Lab, name: str) -> Swap:
    """The renewal that waits on a host."""
    return next(one for one in lab.scenario.summary if one.host == name)


def prepared(
    lab: Lab,
    name: str,
    session: RemoteSession,
    method: Method = Method.BINDING,
    folder: Path = Path("nowhere"),
) -> Prepared:
    """The plan for a host's renewal; it does not wait long for clients."""
    waiting = swap(lab, name)
    renewal = Renewal(Thumbprint(waiting.old), Thumbprint(waiting.new))
    runner = ScriptRunner(session, address=lab.hosts[name].address)
    options = RebindOptions(method=method, before_folder=folder)
    found = prepare(runner, renewal, options, observe(runner))
    return replace(found, patience=0.5)


def rebound(lab: Lab, name: str, folder: Path, method: Method = Method.BINDING) -> Applied:
    """What became of a host's renewal, carried out as the command does."""
    with connect(lab, name) as session:
        found = prepared(lab, name, session, method, folder)
        return apply(ScriptRunner(session), found, RebindOptions(before_folder=folder))


def records(host: LabHost) -> dict[str, Record]:
    """The records of a host by kind and key."""
    return {f"{one.kind}={one.key}": one for one in host.host.state.records}


def give_options(host: LabHost, options: Options) -> None:
    """Let every record that has a certificate have these options."""

    def change(state: HostState) -> HostState:
        given = (replace(one, options=options) if one.thumbprint else one for one in state.records)
        return replace(state, records=tuple(given))

    host.host.change(change)


def change_certificate(host: LabHost, thumbprint: str, **fields: Any) -> None:
    """Let a certificate of a host be another in some fields."""

    def change(state: HostState) -> HostState:
        found = (
            replace(one, **fields) if one.thumbprint == thumbprint else one
            for one in state.certificates
        )
        return replace(state, certificates=tuple(found))

    host.host.change(change)


def remove_certificate(host: LabHost, thumbprint: str, store: str | None = None) -> None:
    """Take a certificate from a store of a host, or from all that have it."""

    def change(state: HostState) -> HostState:
        left = (
            one
            for one in state.certificates
            if one.thumbprint != thumbprint or store not in (None, one.store)
        )
        return replace(state, certificates=tuple(left))

    host.host.change(change)


@contextmanager
def seen_states(host: LabHost) -> Iterator[list[HostState]]:
    """Every state that a host comes into during a with block, one for each change."""
    states: list[HostState] = []
    stop = host.host.watch(lambda: states.append(host.host.state))
    try:
        yield states
    finally:
        stop()


def leave_out_site(host: LabHost, name: str) -> None:
    """Let a host have a site less, its bindings included; the record stays as a stray."""
    host.host.change(
        lambda state: replace(state, sites=tuple(s for s in state.sites if s.name != name))
    )


def sent(host: LabHost) -> list[str]:
    """The actions that a host was asked for, so far."""
    return [request.action for request in host.endpoint.requests]


def shells_left(host: LabHost, before: int = 0) -> int:
    """How many shells stay open on a host that had some; a closing one is given a moment."""
    deadline = time.monotonic() + 60
    while host.endpoint.open_shells > before and time.monotonic() < deadline:
        time.sleep(0.02)
    return host.endpoint.open_shells


def settle(lab: Lab, host: LabHost) -> None:
    """Wait until a change that was left to a host has come to its end there."""
    deadline = time.monotonic() + 120
    while not is_rebound(lab, host) and time.monotonic() < deadline:
        time.sleep(0.1)


def rebind_words(lab: Lab, host: LabHost, *more: str, yes: bool = True) -> list[str]:
    """The command line of a host's rebind."""
    waiting = swap(lab, host.name)
    agreed = ("--yes",) if yes else ()
    return ["rebind", host.address, "--old", waiting.old, "--new", waiting.new, *agreed, *more]


def final_status(lab: Lab, host: LabHost) -> int:
    """The exit status of a host's rebind: 3 where the plan refuses a name that gets lost."""
    return 3 if swap(lab, host.name).lost else 0


def is_rebound(lab: Lab, host: LabHost) -> bool:
    """Whether every record has the new certificate, those of lost names apart."""
    waiting = swap(lab, host.name)
    return all(
        record.thumbprint == waiting.new
        for name, record in records(host).items()
        if record.thumbprint and not any(lost in name for lost in waiting.lost)
    )


@contextmanager
def restored(host: LabHost) -> Iterator[LabHost]:
    """Put a host's state and faults back at the end."""
    before: HostState = host.host.state
    try:
        yield host
    finally:
        host.host.faults.clear()
        host.faults.disarm()
        host.host.change(lambda _: before)


Check = Callable[[Lab, RemoteSession, Library], None]
