"""PSRP on its way from an engine to the client: one stream per pipeline, and one for the pool."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FRAGMENT_HEADER: Final = 21
RUNSPACE_POOL_STATE: Final = 0x00021005
PIPELINE_STATE: Final = 0x00041006
_START: Final = 1
_END: Final = 2


class ShellGone(Exception):
    """The engine behind a shell died, or could not be started."""


@dataclass(frozen=True)
class Received:
    """Fragments for the client, and whether they are the last of their pipeline."""

    data: bytes
    done: bool


@dataclass(frozen=True)
class Fragment:
    """One PSRP fragment, with the little of it that matters here."""

    raw: bytes
    object_id: int
    starts: bool
    ends: bool

    @property
    def message_type(self) -> int:
        """The message's type; only a fragment that starts a message carries it."""
        value: int = struct.unpack_from("<I", self.raw, FRAGMENT_HEADER + 4)[0]
        return value


def fragments(data: bytes) -> Iterator[Fragment]:
    """Split data into whole fragments."""
    at = 0
    while at < len(data):
        object_id, _, flags, length = struct.unpack_from(">QQBI", data, at)
        end = at + FRAGMENT_HEADER + length
        yield Fragment(data[at:end], object_id, bool(flags & _START), bool(flags & _END))
        at = end


class OutputStream:
    """What one pipeline, or the pool, has for the client.

    A pipeline's state message is its last; a pool goes on after its own.
    """

    def __init__(self, state_message: int = PIPELINE_STATE) -> None:
        self._state_message = state_message
        self._state_object: int | None = None
        self._waiting = bytearray()
        self._changed = asyncio.Event()
        self._gone: str | None = None
        self.state_seen = asyncio.Event()

    def put(self, data: bytes) -> None:
        """Add fragments, and see whether they complete the state message."""
        for fragment in fragments(data):
            if fragment.starts and fragment.message_type == self._state_message:
                self._state_object = fragment.object_id
            if fragment.ends and fragment.object_id == self._state_object:
                self.state_seen.set()
        self._waiting += data
        self._changed.set()

    def fail(self, reason: str) -> None:
        """Let whoever reads the stream know that nothing more will come."""
        self._gone = reason
        self._changed.set()
        self.state_seen.set()

    @property
    def waiting(self) -> bytes:
        """What was put and not received yet."""
        return bytes(self._waiting)

    @property
    def gone(self) -> str | None:
        """Why nothing more will come, once `fail` was told."""
        return self._gone

    @property
    def done(self) -> bool:
        """Whether the last message of the pipeline was put."""
        return self._state_message == PIPELINE_STATE and self.state_seen.is_set()

    async def receive(self, timeout: float) -> Received:
        """Return what is there, waiting up to `timeout` seconds for something."""
        if not self._waiting and not self.done and self._gone is None:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), timeout)
            except TimeoutError:
                return Received(b"", done=False)
        if self._gone is not None and not self._waiting:
            raise ShellGone(self._gone)
        data = bytes(self._waiting)
        self._waiting.clear()
        return Received(data, done=self.done)
