"""A real WSMan server for tests of sessions: what the fixtures in `sessions/conftest.py` make."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from psrebind.lab.server.endpoint import Endpoint
from psrebind.lab.server.network_faults import NetworkFaults
from psrebind.model import Secret
from psrebind.sessions.credentials import Credential
from psrebind.sessions.remote import ConnectionOptions, RemoteSession

ADDRESS = "127.0.20.90"
PASSWORD = "a lab's password"
REPLY = json.dumps(
    {
        "powershell": "5.1.20348.1",
        "language_mode": "FullLanguage",
        "process_bits": 64,
        "ui_culture": "en-US",
        "clock": "2026-11-24T00:00:00.0000000Z",
        "bodies": [],
    }
)


@dataclass
class Winrm:
    """One endpoint, the faults of its network, and what its function was asked."""

    endpoint: Endpoint
    faults: NetworkFaults
    asked: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    @property
    def actions(self) -> list[str]:
        """The requests so far, by their names."""
        return [request.action for request in self.endpoint.requests]

    def options(self, **named: Any) -> ConnectionOptions:
        """Options that reach this endpoint by NTLM; anything may be set otherwise."""
        settings = self.endpoint.settings
        port = settings.https_port if named.get("ssl") else settings.http_port
        host = named.pop("host", ADDRESS)
        return ConnectionOptions(host, **{"port": port, "auth": "ntlm", **named})

    def session(self, password: str = PASSWORD, **named: Any) -> RemoteSession:
        """A session of the lab's user with this endpoint."""
        return RemoteSession(self.options(**named), Credential("labadmin", Secret(password)))


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run one coroutine to its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    def close(self) -> None:
        """End the thread."""
        # A transport is closed one turn of the loop after it was told to.
        self.run(asyncio.sleep(0.1))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


class Slow:
    """An answer that comes when it is let go."""

    def __init__(self) -> None:
        self.begun = Event()
        self.release = Event()

    def __call__(self, script: str, parameters: Mapping[str, object]) -> str:
        self.begun.set()
        self.release.wait(30)
        return REPLY


Serve = Callable[..., AbstractContextManager[Winrm]]
