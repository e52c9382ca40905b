"""A simulated host of a few facts, and running a script on a lab shell of it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from psrebind.lab.engines.callbacks import CallbackServer, prelude
from psrebind.lab.windows.host_fault import HostFault

FRAME = """
{prelude}
ConvertTo-Json -Compress -Depth 5 -InputObject @(& {{
    Set-StrictMode -Version 2.0
    $ErrorActionPreference = 'Stop'
    {body}
}})
"""
VERSION = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
RECORDS = r"HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo"
COM = "System.Runtime.InteropServices.COMException"
BINDING = {
    "protocol": "https",
    "bindingInformation": "*:8443:",
    "sslFlags": 1,
    "certificateHash": "AA",
    "certificateStoreName": "My",
    "isDsMapperEnabled": False,
    "ItemXPath": "/system.applicationHost/sites/site[@name='Shop' and @id='7']",
}


class Host:
    """A host of a few facts, which remembers what it was asked."""

    def __init__(self, **facts: object) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.entered = threading.Event()
        self.released = threading.Event()
        self.facts = {
            "name": "web02",
            "ui_culture": "de-DE",
            "execution_policy": "AllSigned",
            "language_mode": "FullLanguage",
            "clock_offset": 86400.0,
            "modules": ["WebAdministration", "PKI"],
        } | facts

    def __call__(self, command: str, arguments: dict[str, Any]) -> Any:
        if command == "host.facts":
            return self.facts
        self.asked.append((command, arguments))
        name = command.replace(".", "_")
        if not hasattr(self, name):
            raise HostFault(f"{command}?", "NotSimulated")
        return getattr(self, name)(arguments)

    def registry_values(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["path"] != VERSION:
            raise _missing(arguments["path"])
        return {"ProductName": "Größe", "UBR": 2**32 - 1, "Blob": b"\0\1", "Day": "2026-01-01"}

    def registry_children(self, arguments: dict[str, Any]) -> list[str]:
        if arguments["path"] != RECORDS:
            raise _missing(arguments["path"])
        return ["0.0.0.0:8443", "[::]:8443"]

    def registry_key(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"values": list(self.registry_values(arguments)), "keys": 0}

    def registry_keys(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        names = self.registry_children(arguments)
        return [{"name": name, "values": [], "keys": 0} for name in names]

    def registry_exists(self, arguments: dict[str, Any]) -> bool:
        return arguments["path"] in (VERSION, RECORDS)

    def iis_sites(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"id": 7, "name": "Shop", "state": "Started"}]

    def iis_bindings(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [BINDING]

    def binding_AddSslCertificate(self, _: dict[str, Any]) -> None:
        raise HostFault("In Benutzung", "X", exception_type=COM, hresult=0x80070020)

    def binding_RebindSslCertificate(self, _: dict[str, Any]) -> None:
        return None

    def native(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"exit": 7, "output": arguments["arguments"]}

    def slow(self, _: dict[str, Any]) -> str:
        self.entered.set()
        assert self.released.wait(30)
        return "late"

    def meet(self, _: dict[str, Any]) -> str:
        assert self.entered.wait(30)
        return "met"

    def release(self, _: dict[str, Any]) -> str:
        self.released.set()
        return "released"


def _missing(path: str) -> HostFault:
    return HostFault(
        f"{path} fehlt",
        "PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand",
        "ObjectNotFound",
        exception_type="System.Management.Automation.ItemNotFoundException",
    )


@asynccontextmanager
async def serving(host: Host) -> AsyncIterator[CallbackServer]:
    server = CallbackServer({"web02": host})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def run_script(pwsh: Path, script: Path, host: Host) -> Any:
    async with serving(host) as server:
        finished = await asyncio.to_thread(
            subprocess.run,
            [str(pwsh), "-NoProfile", "-NonInteractive", "-File", str(script)],
            env={**os.environ, **server.environment("web02")},
            capture_output=True,
            timeout=60,
        )
    assert finished.returncode == 0, finished.stderr.decode()
    return json.loads(finished.stdout)


def run_body(pwsh: Path, folder: Path, body: str, host: Any) -> Any:
    """Run a script body as psrebind does, in a scope with strict mode, and return its output."""
    script = folder / "script.ps1"
    script.write_text(FRAME.format(prelude=prelude(), body=body), "utf-8")
    return asyncio.run(run_script(pwsh, script, host))
