"""PSRP over standard input and output: its lines, and a child process that speaks them."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Final

POOL: Final = uuid.UUID(int=0)
LONGEST_LINE: Final = 16 * 1024 * 1024
# What a program said last, and as much of it as a person wants to read.
REMEMBERED: Final = 8000
SHOWN: Final = 300
# How long a process that was killed may take to be gone.
GONE: Final = 5.0
# A native program that does not end its line leaves its words before ours.
_LINE: Final = re.compile(
    rb"<(?P<kind>\w+)(?: Stream='\w*')? PSGuid='(?P<id>[0-9a-fA-F-]{36})'"
    rb"(?: />|>(?P<data>[^<]*)</Data>)\s*$"
)


@dataclass(frozen=True)
class ProtocolLine:
    """One line of the protocol; the null id is the runspace pool's."""

    kind: str
    target: uuid.UUID
    data: bytes = b""


class NotPsrp(Exception):
    """The child lives and does not speak PSRP as it should; the text is the rest of a sentence."""


class ChildEnded(Exception):
    """The child is gone; the text says how it ended and what it said last."""


def frame_line(kind: str, target: uuid.UUID, data: bytes | None = None) -> bytes:
    """Write one line of the protocol; only Data has any data."""
    if data is None:
        return f"<{kind} PSGuid='{target}' />\n".encode("ascii")
    text = base64.b64encode(data).decode("ascii")
    return f"<{kind} Stream='Default' PSGuid='{target}'>{text}</{kind}>\n".encode("ascii")


def read_line(line: bytes) -> ProtocolLine | None:
    """Read one line; None for one that is not of the protocol."""
    match = _LINE.search(line)
    if match is None:
        return None
    try:
        target = uuid.UUID(match["id"].decode("ascii"))
        return ProtocolLine(
            match["kind"].decode("ascii"), target, base64.b64decode(match["data"] or b"")
        )
    except (ValueError, binascii.Error):
        return None


class Child:
    """One process that speaks PSRP; threads move its lines, so that neither side can block."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = process = _start(command, environment)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._received: SimpleQueue[ProtocolLine | None] = SimpleQueue()
        self._sending: SimpleQueue[bytes | None] = SimpleQueue()
        self._stray = b""
        self._complaints = b""
        name = f"psrebind {process.pid}"
        self._readers = [
            Thread(target=self._read_lines, args=[process.stdout], name=name, daemon=True),
            Thread(target=self._read_complaints, args=[process.stderr], name=name, daemon=True),
        ]
        self._writer = Thread(target=self._write, args=[process.stdin], name=name, daemon=True)
        for thread in (*self._readers, self._writer):
            thread.start()

    def tell(self, kind: str, target: uuid.UUID, data: bytes | None = None) -> None:
        """Queue one line for the child; never blocks."""
        self._sending.put(frame_line(kind, target, data))

    def receive(self, timeout: float) -> ProtocolLine | None:
        """The next line, or None when none came in time; raises ChildEnded after the last one."""
        try:
            line = self._received.get(timeout=timeout)
        except Empty:
            # What it started may keep its output open: then there is no end to read.
            if self._process.poll() is None:
                return None
            self._join()
            line = None if self._received.empty() else self._received.get()
        if line is None:
            raise ChildEnded(self._epitaph())
        return line

    @property
    def said(self) -> str:
        """The child's last words beside the protocol, on one line; empty where there are none."""
        text = (self._complaints or self._stray).decode("utf-8", "replace")
        shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        # A crash says why at the beginning of its stack trace, other programs at the end.
        half = SHOWN // 2
        return shown if len(shown) <= SHOWN else f"{shown[:half]} … {shown[-half:]}"

    def end(self) -> None:
        """Kill the process, and where process groups exist all that it started; never raises."""
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GONE)
        self._sending.put(None)
        self._writer.join(1)
        self._join()

    def _epitaph(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._join()
        status = self._process.returncode
        how = "closed its output" if status is None else f"ended with status {status}"
        return f"{how}; it last said: {self.said.rstrip('.')}" if self.said else how

    def _join(self) -> None:
        for reader in self._readers:
            reader.join(0.5)

    def _read_lines(self, output: IO[bytes]) -> None:
        with output:
            while line := output.readline(LONGEST_LINE):
                if read := read_line(line):
                    self._received.put(read)
                else:
                    self._stray = (self._stray + line[-REMEMBERED:])[-REMEMBERED:]
        self._received.put(None)

    def _read_complaints(self, errors: IO[bytes]) -> None:
        with errors:
            while data := os.read(errors.fileno(), 4096):
                self._complaints = (self._complaints + data)[-REMEMBERED:]

    def _write(self, stream: IO[bytes]) -> None:
        # Closing flushes, and that fails once nobody reads.
        with contextlib.suppress(OSError), stream:
            while (line := self._sending.get()) is not None:
                stream.write(line)
                stream.flush()


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # In a group or a console of its own, Ctrl-C reaches us alone, and we stop the script.
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        creationflags=flags,
        start_new_session=sys.platform != "win32",
    )
