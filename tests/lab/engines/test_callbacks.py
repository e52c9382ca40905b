"""The channel between lab shells and their host: who may use it, and what survives a stop."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from lab.engines.stub_shell import Host, run_script, serving

from psrebind.lab.engines.callbacks import CallbackServer, prelude

STOPPED_CALL = """
$token = $env:PSREBIND_LAB_TOKEN
$text = [IO.File]::ReadAllText('{prelude}')
. ([scriptblock]::Create($text))
$env:PSREBIND_LAB_TOKEN = $token
$space = [runspacefactory]::CreateRunspace([initialsessionstate]::CreateDefault2())
$space.Open()
function New-Pipeline($Code) {{
    $pipeline = [powershell]::Create()
    $pipeline.Runspace = $space
    $pipeline.AddScript($Code)
}}
$null = (New-Pipeline $text).Invoke()
$slow = New-Pipeline "Invoke-LabHost 'slow'"
$null = $slow.BeginInvoke()
$met = Invoke-LabHost 'meet'
$slow.Stop()
$released = Invoke-LabHost 'release'
$after = (New-Pipeline "Invoke-LabHost 'meet'").Invoke()
ConvertTo-Json -Compress -InputObject @($met, $released, $after[0])
"""


def test_stopped_call_leaves_the_channel_usable(pwsh: Path, tmp_path: Path) -> None:
    """After a pipeline is stopped in a call, the next call gets its own reply, not the late one."""
    text = tmp_path / "prelude.txt"
    text.write_text(prelude(), "ascii")
    script = tmp_path / "script.ps1"
    script.write_text(STOPPED_CALL.format(prelude=text), "ascii")
    assert asyncio.run(run_script(pwsh, script, Host())) == ["met", "released", "met"]


def test_wrong_token_is_turned_away() -> None:
    """A connection that does not know the lab's token is closed without an answer."""

    async def knock() -> bytes:
        async with serving(Host()) as server:
            where = server.environment("web02")
            address = where["PSREBIND_LAB_ADDRESS"], int(where["PSREBIND_LAB_PORT"])
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b'{"token": "wrong", "host": "web02"}\n')
            writer.write(b'{"id": 1, "command": "host.facts", "arguments": {}}\n')
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(knock()) == b""


def test_bug_of_the_model_is_told_to_the_script(caplog: pytest.LogCaptureFixture) -> None:
    """An exception that is no HostFault reaches the shell as an error and the log as a bug."""

    async def ask() -> Any:
        def broken(command: str, _: dict[str, Any]) -> Any:
            return {} if command == "host.facts" else 1 // 0

        server = CallbackServer({"web02": broken})
        await server.start()
        where = server.environment("web02")
        address = where["PSREBIND_LAB_ADDRESS"], int(where["PSREBIND_LAB_PORT"])
        reader, writer = await asyncio.open_connection(*address)
        hello = {"token": where["PSREBIND_LAB_TOKEN"], "host": "web02"}
        for line in (hello, {"id": 4, "command": "native", "arguments": {}}):
            writer.write(json.dumps(line).encode() + b"\n")
        reply = json.loads(await reader.readline())
        writer.close()
        await server.stop()
        return reply

    reply = asyncio.run(ask())
    assert reply["id"] == 4
    assert "ZeroDivisionError" in reply["error"]["message"]
    assert "native" in caplog.text
