"""An endpoint of the lab on a loop of its own, and what its tests do with it."""

from __future__ import annotations

import asyncio
import datetime
import os
import re
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from psrebind.lab.server.endpoint import Endpoint, EndpointSettings
from psrebind.lab.server.network_faults import NetworkFaults
from psrebind.lab.server.shells import ShellEngine
from psrebind.lab.windows.certificate_authority import self_signed
from psrebind.lab.windows.host_fault import HostFault

ADDRESS = "127.0.20.250"
USER = "labadmin"
PASSWORD = "Correct-Horse 1"
UNKNOWN_SHELL = 0x8033805B
TIMED_OUT = 2150858793
TOO_MANY_SHELLS = 2150859173
STARTUP = "function Get-Greeting { 'from the startup' }"
SECRET_SCRIPT = "param($Secret) [System.Net.NetworkCredential]::new('', $Secret).Password"
LONG_SCRIPT = "Start-Sleep -Seconds 600"

EngineFactory = Callable[[], ShellEngine]
T = TypeVar("T")


class Host:
    """One endpoint on a loop of its own, and its clients."""

    def __init__(self, factory: EngineFactory, **settings: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._clients: list[WSMan] = []
        self.faults = NetworkFaults()
        chosen = EndpointSettings(ADDRESS, {USER: PASSWORD}, http_port=0, https_port=0, **settings)
        self.endpoint = self.run(self._start(chosen, factory))

    async def _start(self, settings: EndpointSettings, factory: EngineFactory) -> Endpoint:
        endpoint = Endpoint(settings, factory, self.faults)
        await endpoint.start()
        return endpoint

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the host's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def client(self, auth: str = "ntlm", *, tls: Path | None = None, **options: Any) -> WSMan:
        """Return a client that is not connected yet."""
        port = self.endpoint.http_port if tls is None else self.endpoint.https_port
        options = {"username": USER, "password": PASSWORD, "no_proxy": True, **options}
        if tls is not None:
            options["cert_validation"] = str(tls)
        made = WSMan(ADDRESS, port=port, ssl=tls is not None, auth=auth, **options)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Stop the endpoint, and end its loop."""
        for client in self._clients:
            client.close()
        self.run(self.endpoint.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class Answers:
    """What the model engine answers: a quoted literal is echoed, as PowerShell would."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __call__(self, script: str, parameters: Mapping[str, object]) -> str:
        """Answer one script."""
        if script == LONG_SCRIPT:
            self.released.wait(60)
        if script.startswith("throw"):
            raise HostFault("No such site.", "psrebind.NoSite", "ObjectNotFound")
        if "Secret" in parameters:
            return str(parameters["Secret"])
        repeated = re.fullmatch(r"'(.)' \* (\d+)", script)
        return repeated[1] * int(repeated[2]) if repeated else script.strip("'")


def make_certificate(path: Path) -> Path:
    """Write a self-signed certificate and its key into one PEM file."""
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    made = self_signed([ADDRESS], now - day, now + day)
    certificate = x509.load_der_x509_certificate(made.certificate)
    path.write_text(certificate.public_bytes(Encoding.PEM).decode("ascii") + made.key, "ascii")
    return path


def ask(pool: RunspacePool, script: str) -> list[Any]:
    """Run one script in a pool and return its output."""
    return list(PowerShell(pool).add_script(script).invoke())


def greet(pool: RunspacePool) -> list[Any]:
    """Open a pool and run one script in it; close nothing, since the connection may be lost."""
    pool.open()
    return ask(pool, "'hello'")


def until(condition: Callable[[], bool]) -> bool:
    """Wait for something that another thread does, and tell whether it happened."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_running(process: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
