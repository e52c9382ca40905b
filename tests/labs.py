"""A lab for tests: running hosts of either engine, and sessions with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psrebind.lab.runtime import Lab, LabHost
from psrebind.lab.state import HostState
from psrebind.model import Secret
from psrebind.operations import Operation, run
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
