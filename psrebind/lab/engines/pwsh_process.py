"""The process of a `pwsh -s` child and its line protocol."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from psrebind.lab.server.streams import ShellGone
from psrebind.sessions.stdio import LONGEST_LINE, POOL, frame_line, read_line

_CLOSE_SECONDS: Final = 3.0


class PwshProcess:
    """One PowerShell process that speaks PSRP on its standard input and output."""

    def __init__(
        self, on_data: Callable[[uuid.UUID, bytes], None], on_end: Callable[[str], None]
    ) -> None:
        self._on_data = on_data
        self._on_end = on_end
        self._awaited: dict[tuple[str, uuid.UUID], deque[asyncio.Future[None]]]
        self._awaited = defaultdict(deque)
        self._process: asyncio.subprocess.Process | None = None
        self._input: asyncio.StreamWriter | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._complaints = b""
        self._ended: str | None = None

    async def start(self, executable: Path, environment: Mapping[str, str]) -> None:
        """Start the process, in a process group of its own."""
        self._process = process = await asyncio.create_subprocess_exec(
            str(executable),
            "-NoProfile",
            "-s",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._input = process.stdin
        self._readers = [
            asyncio.create_task(self._read_lines(process.stdout)),
            asyncio.create_task(self._read_complaints(process.stderr)),
        ]

    async def ask(self, kind: str, target: uuid.UUID, data: bytes | None = None) -> None:
        """Send one line and wait for its acknowledgement."""
        if self._input is None or self._ended is not None:
            raise ShellGone(self._ended or "The shell is not open.")
        acknowledged = asyncio.get_running_loop().create_future()
        self._awaited[f"{kind}Ack", target].append(acknowledged)
        self.tell(kind, target, data)
        with contextlib.suppress(ConnectionError):
            # A broken pipe shows as the end of the output, and that ends the wait below.
            await self._input.drain()
        await acknowledged

    def tell(self, kind: str, target: uuid.UUID, data: bytes | None = None) -> None:
        """Send one line whose acknowledgement nobody needs."""
        if self._input is None or self._ended is not None:
            return
        self._input.write(frame_line(kind, target, data))

    async def close(self) -> None:
        """End the process: politely, then with everything that it started."""
        process = self._process
        if process is None:
            return
        try:
            with contextlib.suppress(ShellGone, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self.ask("Close", POOL)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            for reader in self._readers:
                reader.cancel()
            self._end("The shell was closed.")
        await process.wait()

    async def _read_lines(self, output: asyncio.StreamReader) -> None:
        try:
            while line := await output.readline():
                self._take(line.strip())
        finally:
            complaints = self._complaints.decode("utf-8", "replace")
            self._end(f"The PowerShell child ended. {complaints}".strip())

    async def _read_complaints(self, errors: asyncio.StreamReader) -> None:
        while data := await errors.read(4096):
            self._complaints = (self._complaints + data)[-2000:]

    def _take(self, text: bytes) -> None:
        line = read_line(text)
        if line is None:
            # A native program that writes to the child's own output is not PSRP.
            return
        if line.kind == "Data":
            self._on_data(line.target, line.data)
        elif waiting := self._awaited.get((line.kind, line.target)):
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)

    def _end(self, reason: str) -> None:
        if self._ended is not None:
            return
        self._ended = reason
        self._on_end(reason)
        for future in (future for waiting in self._awaited.values() for future in waiting):
            if not future.done():
                future.set_exception(ShellGone(reason))
        self._awaited.clear()
