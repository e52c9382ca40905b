"""The server side of the callback channel, on which PowerShell stubs ask the model of their host.

One TCP connection per shell, one JSON line each way.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from psrebind.lab.engines.stub_modules import write_modules
from psrebind.lab.windows.host_fault import HostFault

Handler = Callable[[str, dict[str, Any]], Any]

# A registry blob or a long certificate list is one line; asyncio's 64 KB would cut it.
LINE_LIMIT = 32 * 1024 * 1024
# A call may sleep (a slow fault), so the threads must outnumber the shells that wait at one time.
CALL_THREADS = 64
# In the order in which they define what the next one uses.
PRELUDE_PARTS = (
    "channel.ps1",
    "registry.ps1",
    "certificates.ps1",
    "items.ps1",
    "files.ps1",
    "iis.ps1",
    "events.ps1",
    "tasks.ps1",
    "pki.ps1",
    "facts.ps1",
    "account.ps1",
    "keys.ps1",
    "programs.ps1",
    "prelude.ps1",
)

logger = logging.getLogger(__name__)


def prelude() -> str:
    """Return the startup script of a lab shell."""
    stubs = files("psrebind.lab.engines") / "stubs"
    return "\n".join((stubs / part).read_text("ascii") for part in PRELUDE_PARTS)


class CallbackServer:
    """Answers the stubs of every shell of a lab, on a loopback port of its own."""

    def __init__(self, hosts: Mapping[str, Handler]) -> None:
        self._hosts = hosts
        self._token = secrets.token_urlsafe(32)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._threads: ThreadPoolExecutor | None = None
        self._modules: Path | None = None

    async def start(self) -> None:
        """Listen, and lay out a module folder for each host."""
        self._threads = ThreadPoolExecutor(CALL_THREADS, thread_name_prefix="lab-call")
        self._modules = Path(tempfile.mkdtemp(prefix="psrebind-lab-"))
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LINE_LIMIT)

    async def stop(self) -> None:
        """Close the port and every connection, without waiting for calls that still sleep."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        if self._modules is not None:
            shutil.rmtree(self._modules, ignore_errors=True)
        self._server = self._threads = self._modules = None

    def environment(self, host_id: str) -> dict[str, str]:
        """Return the variables by which the child process of one shell finds its host."""
        if self._server is None or self._modules is None:
            raise RuntimeError("The callback server is not started.")
        facts = self._hosts[host_id]("host.facts", {})
        folder = self._modules / host_id
        write_modules(folder, facts.get("modules", ()))
        address, port = self._server.sockets[0].getsockname()
        return {
            "PSREBIND_LAB_ADDRESS": str(address),
            "PSREBIND_LAB_PORT": str(port),
            "PSREBIND_LAB_TOKEN": self._token,
            "PSREBIND_LAB_HOST": host_id,
            "PSREBIND_LAB_MODULES": str(folder),
        }

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError, ValueError):
            # The child died, the lab stops, or what came is no line of ours: nobody to tell.
            logger.debug("callback connection closed", exc_info=True)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = self._handler(await reader.readline())
        if handler is None:
            return
        while line := await reader.readline():
            request = json.loads(line, object_hook=_revive)
            reply = await asyncio.get_running_loop().run_in_executor(
                self._threads, _answer, handler, request
            )
            writer.write(reply)
            await writer.drain()

    def _handler(self, hello: bytes) -> Handler | None:
        try:
            words = json.loads(hello)
            given, host_id = str(words["token"]), str(words["host"])
        except (ValueError, KeyError, TypeError):
            return None
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return None
        return self._hosts.get(host_id)


def _answer(handler: Handler, request: dict[str, Any]) -> bytes:
    """Call the host and put what it says, or how it fails, into one line."""
    reply: dict[str, Any] = {"id": request["id"]}
    try:
        reply["result"] = handler(request["command"], request["arguments"])
        return _line(reply)
    except HostFault as fault:
        error = {name: getattr(fault, name) for name in _FAULT_FIELDS}
    except Exception as bug:
        # A bug of the model must show in the client's script and here, not as a hanging shell.
        logger.exception("lab command %r failed", request["command"])
        error = {"message": f"lab: {type(bug).__name__}: {bug}", "error_id": "LabBug"}
    return _line({"id": request["id"], "error": error})


_FAULT_FIELDS = ("message", "error_id", "category", "exception_type", "hresult")


def _line(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, default=_encode).encode("ascii") + b"\n"


def _encode(value: object) -> object:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} does not cross the callback channel")


def _revive(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["$bytes"]) if value.keys() == {"$bytes"} else value
