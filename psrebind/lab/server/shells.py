"""The shells of one host: their owners and number, and when an idle one closes.

An engine is whatever is a `ShellEngine`.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from psrebind.lab.server.streams import Received, ShellGone, fragments
from psrebind.lab.server.wsman_faults import (
    malformed,
    too_many_shells,
    unknown_command,
    unknown_shell,
)

DEFAULT_IDLE_TIMEOUT: Final = 7200.0


class ShellEngine(Protocol):
    """What runs the pipelines of one shell."""

    async def open(self, creation_xml: bytes) -> None:
        """Start, given the client's first PSRP messages."""

    async def command(self, pipeline: uuid.UUID, data: bytes) -> None:
        """Begin a pipeline with its first fragments."""

    async def send(self, pipeline: uuid.UUID | None, data: bytes) -> None:
        """Take further fragments of a pipeline, or of the pool."""

    async def receive(self, pipeline: uuid.UUID | None, timeout: float) -> Received:
        """Return whole fragments for the client; nothing after `timeout` seconds of silence."""

    async def signal(self, pipeline: uuid.UUID) -> None:
        """Stop a pipeline."""

    async def close(self) -> None:
        """End, whatever is running; calling it twice is fine."""


@dataclass
class Shell:
    """One open shell, and what was received from its engine but not fetched yet."""

    id: uuid.UUID
    user: str
    engine: ShellEngine
    idle_timeout: float
    last_used: float
    options: Mapping[str, str] = field(default_factory=dict)
    in_use: int = 0
    pipelines: set[uuid.UUID] = field(default_factory=set)
    leftover: dict[uuid.UUID | None, Received] = field(default_factory=dict)

    async def command(self, pipeline: uuid.UUID, data: bytes) -> None:
        """Begin a pipeline."""
        self.pipelines.add(pipeline)
        await self.engine.command(pipeline, data)

    async def send(self, pipeline: uuid.UUID | None, data: bytes) -> None:
        """Take further fragments."""
        self._check(pipeline)
        await self.engine.send(pipeline, data)

    async def receive(
        self, pipeline: uuid.UUID | None, *, timeout: float, at_most: int
    ) -> Received:
        """Return whole fragments of at most `at_most` bytes together, or one that is larger."""
        self._check(pipeline)
        received = self.leftover.pop(pipeline, None)
        if received is None:
            received = await self.engine.receive(pipeline, timeout)
        if len(received.data) <= at_most:
            return received
        cut = 0
        for fragment in fragments(received.data):
            if cut and cut + len(fragment.raw) > at_most:
                break
            cut += len(fragment.raw)
        if cut == len(received.data):
            return received
        self.leftover[pipeline] = Received(received.data[cut:], received.done)
        return Received(received.data[:cut], done=False)

    async def signal(self, pipeline: uuid.UUID) -> None:
        """Stop a pipeline if it still runs."""
        self._check(pipeline)
        await self.engine.signal(pipeline)

    def _check(self, pipeline: uuid.UUID | None) -> None:
        if pipeline is not None and pipeline not in self.pipelines:
            raise unknown_command(str(pipeline).upper())


class ShellTable:
    """The open shells of one host; used by its loop only, except `open`."""

    def __init__(self, engine_factory: Callable[[], ShellEngine], *, limit_per_user: int) -> None:
        self._engine_factory = engine_factory
        self._limit = limit_per_user
        self._shells: dict[uuid.UUID, Shell] = {}
        self._opening: dict[uuid.UUID, str] = {}
        self._watchers: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def open(self) -> tuple[Shell, ...]:
        """The shells that are open."""
        return tuple(self._shells.values())

    async def create(
        self,
        shell_id: uuid.UUID,
        creation_xml: bytes,
        *,
        user: str,
        idle_timeout: float,
        options: Mapping[str, str],
    ) -> Shell:
        """Open a shell, unless the user has too many."""
        if self._closed:
            raise ShellGone("The host is shutting down.")
        if shell_id in self._shells or shell_id in self._opening:
            raise malformed(f"the ShellId {shell_id} is in use")
        owners = [shell.user for shell in self._shells.values()] + list(self._opening.values())
        if owners.count(user) >= self._limit:
            raise too_many_shells(self._limit)
        self._opening[shell_id] = user
        # A pool of engines started in advance would hand one out here.
        engine = self._engine_factory()
        try:
            await engine.open(creation_xml)
            if self._closed:
                raise ShellGone("The host is shutting down.")
        except BaseException:
            await engine.close()
            raise
        finally:
            del self._opening[shell_id]
        now = asyncio.get_running_loop().time()
        shell = Shell(shell_id, user, engine, idle_timeout, last_used=now, options=options)
        self._shells[shell_id] = shell
        self._watchers[shell_id] = asyncio.create_task(self._close_when_idle(shell))
        return shell

    @contextlib.contextmanager
    def using(self, shell_id: str | None) -> Iterator[Shell]:
        """Find a shell and keep it from being idle meanwhile."""
        shell = self.find(shell_id)
        shell.in_use += 1
        try:
            yield shell
        finally:
            shell.in_use -= 1
            shell.last_used = asyncio.get_running_loop().time()

    def find(self, shell_id: str | None) -> Shell:
        """Return an open shell, or raise the fault that says there is none."""
        shell = self._shells.get(parse_id(shell_id, "ShellId"))
        if shell is None:
            raise unknown_shell(str(shell_id))
        return shell

    async def close(self, shell: Shell) -> None:
        """Close a shell and end its engine."""
        if self._shells.pop(shell.id, None) is None:
            return
        watcher = self._watchers.pop(shell.id)
        if watcher is not asyncio.current_task():
            watcher.cancel()
        await shell.engine.close()

    async def close_all(self) -> None:
        """Close every shell, and open no more."""
        self._closed = True
        await asyncio.gather(*(self.close(shell) for shell in list(self._shells.values())))

    async def _close_when_idle(self, shell: Shell) -> None:
        loop = asyncio.get_running_loop()
        while True:
            remaining = shell.last_used + shell.idle_timeout - loop.time()
            if shell.in_use:
                remaining = shell.idle_timeout
            if remaining <= 0:
                break
            await asyncio.sleep(remaining)
        await self.close(shell)


def parse_id(text: str | None, what: str) -> uuid.UUID:
    """Return a ShellId or CommandId, or raise the fault that refuses it."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        raise malformed(f"{what} '{text}' is not a GUID") from None
