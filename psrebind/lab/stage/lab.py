"""A lab as a whole: its folder, and its hosts on the air while it runs.

Hosts, endpoints, engines and TLS listeners share one event loop in a thread of its own.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from psrebind.errors import InvalidInput
from psrebind.folders import make_private
from psrebind.lab.engines.callbacks import CallbackServer, prelude
from psrebind.lab.engines.model.engine import ModelEngine
from psrebind.lab.engines.model.replies import Answers
from psrebind.lab.engines.pwsh import PwshEngine
from psrebind.lab.server.endpoint import Endpoint, EndpointSettings
from psrebind.lab.server.network_faults import NetworkFaults
from psrebind.lab.server.shells import ShellEngine
from psrebind.lab.stage import scenario
from psrebind.lab.windows.certificate_authority import CertificateRequest
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.persistence import write_text
from psrebind.lab.windows.tls_listeners import TlsListeners

USER = "labadmin"


def find_engine() -> Path | None:
    """The PowerShell that PSREBIND_PWSH names, else the one on the PATH, else None."""
    if named := os.environ.get("PSREBIND_PWSH"):
        if not Path(named).is_file():
            raise InvalidInput(f"PSREBIND_PWSH names {named}, which is not there")
        return Path(named).resolve()
    found = shutil.which("pwsh")
    return Path(found) if found else None


@dataclass(frozen=True)
class LabHost:
    """One simulated host and what of it is on the air; ``faults`` are those of its network."""

    name: str
    address: str
    host: Host
    endpoint: Endpoint
    faults: NetworkFaults
    tls: TlsListeners


class Lab:
    """Simulated hosts in a folder; while ``running``, real servers on loopback addresses."""

    def __init__(self, folder: Path, found: scenario.Scenario, engine: Path | None) -> None:
        self.folder = folder
        self.scenario = found
        self.engine = engine
        self.user = USER
        self.password = (folder / "password").read_text("ascii")
        self.hosts: dict[str, LabHost] = {}

    @classmethod
    def create(
        cls,
        folder: Path,
        engine: Path | None = None,
        *,
        names: Sequence[str] | None = None,
        network: str = scenario.NETWORK,
    ) -> Lab:
        """Make a new lab; no engine means the model in Python."""
        make_private(folder)
        found = scenario.create(folder, names, network=network)
        write_text(folder / "password", secrets.token_urlsafe(18))
        return cls(folder, found, engine)

    @classmethod
    def open(cls, folder: Path, engine: Path | None = None) -> Lab:
        """Take up the lab that a folder holds, in the state it was left in."""
        if not (folder / "password").is_file():
            raise InvalidInput(f"there is no lab in {folder}")
        return cls(folder, scenario.load(folder), engine)

    @property
    def authority_file(self) -> Path:
        """The certificate of the lab's CA: what ``--ca-file`` takes."""
        return self.folder / "authority" / "ca.pem"

    @contextmanager
    def running(self) -> Iterator[Lab]:
        """Keep the hosts on the air for the length of a with block."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="lab", daemon=True)
        thread.start()

        def wait(work: Coroutine[Any, Any, None]) -> None:
            asyncio.run_coroutine_threadsafe(work, loop).result()

        callbacks = CallbackServer({name: h.call for name, h in self.scenario.hosts.items()})
        try:
            wait(self._start(callbacks))
            yield self
        finally:
            wait(self._stop(callbacks))
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _start(self, callbacks: CallbackServer) -> None:
        if self.engine:
            await callbacks.start()
        for name, host in self.scenario.hosts.items():
            lab_host = self._lab_host(name, host, callbacks)
            await lab_host.endpoint.start()
            self.hosts[name] = lab_host
            await lab_host.tls.start()

    async def _stop(self, callbacks: CallbackServer) -> None:
        for lab_host in self.hosts.values():
            await lab_host.endpoint.stop()
            await lab_host.tls.stop()
        self.hosts = {}
        if self.engine:
            await callbacks.stop()

    def _lab_host(self, name: str, host: Host, callbacks: CallbackServer) -> LabHost:
        address = self.scenario.addresses[name]
        certificate, key = self._endpoint_certificate(name, address)
        settings = EndpointSettings(
            address, {self.user: self.password}, certificate=certificate, key=key
        )
        faults = NetworkFaults()
        factory = self._engine_factory(host, name, callbacks)
        endpoint = Endpoint(settings, factory, faults)
        tls = TlsListeners(host, {"0.0.0.0": address})
        return LabHost(name, address, host, endpoint, faults, tls)

    def _engine_factory(
        self, host: Host, name: str, callbacks: CallbackServer
    ) -> Callable[[], ShellEngine]:
        if self.engine is None:
            answers = Answers(host)
            return lambda: ModelEngine(answers)
        engine, startup = self.engine, prelude()

        def shell() -> ShellEngine:
            environment: Mapping[str, str] = callbacks.environment(name)
            return PwshEngine(engine, environment=environment, startup=startup)

        return shell

    def _endpoint_certificate(self, name: str, address: str) -> tuple[Path, Path]:
        folder = self.folder / "hosts" / name
        certificate, key = folder / "winrm.pem", folder / "winrm.key"
        if not certificate.is_file():
            now = datetime.now(UTC)
            request = CertificateRequest(
                subject=name,
                names=(name, address),
                not_before=now - timedelta(days=1),
                not_after=now + timedelta(days=3650),
            )
            issued = self.scenario.authority.issue(request)
            parsed = x509.load_der_x509_certificate(issued.certificate)
            write_text(key, issued.key)
            write_text(certificate, parsed.public_bytes(Encoding.PEM).decode("ascii"))
        return certificate, key


def assume(host: Host, name: str, value: bool | int | None) -> None:
    """Set one of the host's named assumptions; InvalidInput for an unknown name."""
    known = host.state.assumptions
    if not hasattr(known, name):
        raise InvalidInput(f"the lab has no assumption {name!r}")
    changes: dict[str, Any] = {name: value}
    host.change(lambda now: replace(now, assumptions=replace(now.assumptions, **changes)))
