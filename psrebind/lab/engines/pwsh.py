"""A shell with PowerShell: a `pwsh -s` child, through which PSRP passes unread."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import psrpcore
from psrpcore.types import PSInvocationState

from psrebind.lab.engines.pwsh_process import PwshProcess
from psrebind.lab.server.streams import RUNSPACE_POOL_STATE, OutputStream, Received, ShellGone
from psrebind.sessions.stdio import POOL

FRAGMENT_SIZE: Final = 32768
# A child gets these from us, and what the caller names: no secret of ours reaches it.
INHERITED: Final = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "PWSH_ENGINE_HOME",
    "DOTNET_ROOT",
    "SYSTEMROOT",
)
_OPEN_SECONDS: Final = 60.0


class PwshEngine:
    """A shell in a PowerShell child of its own."""

    def __init__(self, executable: Path, *, environment: Mapping[str, str], startup: str) -> None:
        self._executable = executable
        self._environment = environment
        self._startup = startup
        self._streams = {POOL: OutputStream(RUNSPACE_POOL_STATE)}
        self._child = PwshProcess(self._deliver, self._fail)

    async def open(self, creation_xml: bytes) -> None:
        """Start the child, open the client's pool in it, and run the startup text there."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await self._child.start(self._executable, {**inherited, **self._environment})
                await self._open_pool(creation_xml)
        except TimeoutError:
            raise ShellGone(f"{self._executable} did not open a pool in time.") from None
        except OSError as error:
            raise ShellGone(f"{self._executable} could not be started: {error}") from error

    async def command(self, pipeline: uuid.UUID, data: bytes) -> None:
        """Begin a pipeline; its data may only follow the acknowledgement."""
        self._streams[pipeline] = OutputStream()
        await self._child.ask("Command", pipeline)
        await self._child.ask("Data", pipeline, data)

    async def send(self, pipeline: uuid.UUID | None, data: bytes) -> None:
        """Pass fragments on."""
        await self._child.ask("Data", pipeline or POOL, data)

    async def receive(self, pipeline: uuid.UUID | None, timeout: float) -> Received:
        """Return what the child wrote for the pipeline, or for the pool."""
        return await self._streams[pipeline or POOL].receive(timeout)

    async def signal(self, pipeline: uuid.UUID) -> None:
        """Stop a pipeline, and wait until the child says so."""
        if not self._streams[pipeline].done:
            await self._child.ask("Signal", pipeline)

    async def close(self) -> None:
        """Stop what runs, and end the child."""
        for pipeline, stream in self._streams.items():
            if pipeline != POOL and not stream.done:
                # A child that is busy does not close.
                self._child.tell("Signal", pipeline)
        await self._child.close()

    async def _open_pool(self, creation_xml: bytes) -> None:
        await self._child.ask("Data", POOL, creation_xml)
        pool = self._streams[POOL]
        await pool.state_seen.wait()
        if pool.gone is not None:
            raise ShellGone(pool.gone)
        if self._startup:
            # The pool's id stands behind the fragment's header, the destination and the type.
            pool_id = uuid.UUID(bytes_le=bytes(creation_xml[29:45]))
            await self._run_startup(pool_id, pool.waiting)

    async def _run_startup(self, pool_id: uuid.UUID, opening: bytes) -> None:
        client = psrpcore.ClientRunspacePool(runspace_pool_id=pool_id)
        client.open()
        # The child had the real client's opening; this client makes one pipeline in the same pool.
        client.data_to_send()
        list(_events(client, opening))
        shell = psrpcore.ClientPowerShell(client)
        shell.add_script(self._startup)
        shell.start()
        stream = self._streams[shell.pipeline_id] = OutputStream()
        await self._child.ask("Command", shell.pipeline_id)
        while (payload := client.data_to_send(FRAGMENT_SIZE)) is not None:
            await self._child.ask("Data", shell.pipeline_id, payload.data)
        await stream.state_seen.wait()
        for event in _events(client, (await stream.receive(0)).data):
            if isinstance(event, psrpcore.ErrorRecordEvent):
                raise ShellGone(f"The startup failed: {event.record}")
            completed = PSInvocationState.Completed
            if isinstance(event, psrpcore.PipelineStateEvent) and event.state != completed:
                raise ShellGone(f"The startup failed: {event.reason}")
        del self._streams[shell.pipeline_id]

    def _deliver(self, target: uuid.UUID, data: bytes) -> None:
        stream = self._streams.get(target)
        if stream is None:
            return
        stream.put(data)
        if stream.done:
            # The child forgets a pipeline only when told.
            self._child.tell("Close", target)

    def _fail(self, reason: str) -> None:
        for stream in self._streams.values():
            stream.fail(reason)


def _events(
    client: psrpcore.ClientRunspacePool, data: bytes
) -> Iterator[psrpcore.PSRPEvent[object, object]]:
    client.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
    while (event := client.next_event()) is not None:
        yield event
