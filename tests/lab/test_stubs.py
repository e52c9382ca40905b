"""The PowerShell side of the lab: what a script on a lab shell sees, and the channel behind it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from psrebind.lab.callbacks import CallbackServer, prelude
from psrebind.lab.hostfault import HostFault

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
async def _serving(host: Host) -> AsyncIterator[CallbackServer]:
    server = CallbackServer({"web02": host})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


Run = Callable[..., Any]

FRAME = """
{prelude}
ConvertTo-Json -Compress -Depth 5 -InputObject @(& {{
    Set-StrictMode -Version 2.0
    $ErrorActionPreference = 'Stop'
    {body}
}})
"""


@pytest.fixture
def run(pwsh: Path, tmp_path: Path) -> Run:
    """Run a script body as psrebind does, in a scope with strict mode, and return its output."""

    def run(body: str, host: Host | None = None) -> Any:
        script = tmp_path / "script.ps1"
        script.write_text(FRAME.format(prelude=prelude(), body=body), "utf-8")
        return asyncio.run(_run(pwsh, script, host or Host()))

    return run


async def _run(pwsh: Path, script: Path, host: Host) -> Any:
    async with _serving(host) as server:
        finished = await asyncio.to_thread(
            subprocess.run,
            [str(pwsh), "-NoProfile", "-NonInteractive", "-File", str(script)],
            env={**os.environ, **server.environment("web02")},
            capture_output=True,
            timeout=60,
        )
    assert finished.returncode == 0, finished.stderr.decode()
    return json.loads(finished.stdout)


def test_registry_values_keep_their_types(run: Run) -> None:
    """A key shows text, a DWORD over 2^31, bytes and a date-like text as the provider does."""
    found = run(
        f"$item = Get-ItemProperty -LiteralPath '{VERSION}'\n"
        "$item.ProductName; $item.UBR; $item.UBR.GetType().Name; $item.Blob.GetType().Name\n"
        "$item.Blob[1]; $item.Day; $item.PSChildName; $item.PSPath"
    )
    path = VERSION.replace("HKLM:", r"Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE")
    day = "2026-01-01"
    assert found == ["Größe", 2**32 - 1, "UInt32", "Byte[]", 1, day, "CurrentVersion", path]


def test_missing_key_is_the_cmdlets_own_error(run: Run) -> None:
    """A missing key gives id, category and class of the real cmdlet, and -ErrorAction counts."""
    caught = "'{0} {1} {2}' -f $_.FullyQualifiedErrorId, $_.CategoryInfo.Category, $_.Exception"
    found = run(
        f"try {{ Get-ItemProperty -LiteralPath 'HKLM:\\No' }} catch {{ {caught} }}\n"
        f"try {{ Get-ChildItem -LiteralPath 'HKLM:\\No' }} catch {{ $_.FullyQualifiedErrorId }}\n"
        "Get-ItemProperty -LiteralPath 'HKLM:\\No' -ErrorAction SilentlyContinue; 'on'\n"
        "Test-Path -LiteralPath 'HKLM:\\No'"
    )
    prefix = "PathNotFound,Microsoft.PowerShell.Commands."
    assert found[0].startswith(f"{prefix}GetItemPropertyCommand ObjectNotFound ")
    assert "ItemNotFoundException" in found[0]
    assert found[1:] == [f"{prefix}GetChildItemCommand", "on", False]


def test_children_of_a_key_are_listed_and_piped(run: Run) -> None:
    """Subkeys have names with brackets, found by a literal path and hidden from a wildcard one."""
    found = run(
        f"(Get-ChildItem -LiteralPath '{RECORDS}').PSChildName\n"
        f"@(Get-ChildItem -Path '{RECORDS}' -Name).Count\n"
        f"Test-Path -Path '{RECORDS}\\[::]:8443'"
    )
    assert found == ["0.0.0.0:8443", "[::]:8443", 2, False]


def test_real_paths_reach_the_real_cmdlets(run: Run, tmp_path: Path) -> None:
    """Files of this machine are still seen through the shadowed commands."""
    (tmp_path / "here.txt").write_text("x")
    found = run(
        f"(Get-ChildItem -LiteralPath '{tmp_path}' -Filter *.txt).Name\n"
        f"Test-Path -LiteralPath '{tmp_path}/here.txt'\n(Get-Item '{tmp_path}').PSIsContainer"
    )
    assert found == ["here.txt", True, True]


def test_binding_method_calls_back(run: Run) -> None:
    """A binding's method names site, information, hash and store to the host."""
    host = Host()
    run("(Get-WebBinding -Name Shop -Protocol https).RebindSslCertificate('BB', 'My')", host)
    given = {"site_id": 7, "bindingInformation": "*:8443:", "hash": "BB", "store": "My"}
    assert host.asked == [
        ("iis.bindings", {"name": "Shop", "protocol": "https"}),
        ("binding.RebindSslCertificate", given),
    ]


def test_binding_method_fails_with_the_hosts_hresult(run: Run) -> None:
    """A refused AddSslCertificate ends in a COM exception, even where errors are silenced."""
    found = run(
        "$ErrorActionPreference = 'SilentlyContinue'\n"
        "try { (Get-WebBinding)[0].AddSslCertificate('BB', 'My'); 'went on' } catch {\n"
        "    $inner = $_.Exception.GetBaseException()\n"
        "    $inner.GetType().FullName; '{0:X}' -f $inner.HResult; $inner.Message }"
    )
    assert found == [COM, "80070020", "In Benutzung"]


def test_unmodelled_command_fails_by_name(run: Run) -> None:
    """A command outside the model is found, checked, and refused by its name."""
    found = run(
        "Import-Module WebAdministration\n"
        'try { Get-WebConfigFile } catch { "$_" }\n'
        "$ErrorActionPreference = 'SilentlyContinue'\n"
        "try { Stop-Website -Name Shop; 'went on' } catch { \"$_\" }"
    )
    assert found == [
        "'Get-WebConfigFile' is not simulated by the lab.",
        "'Stop-Website' is not simulated by the lab.",
    ]


def test_stub_takes_only_true_parameters(run: Run) -> None:
    """A parameter or an enumeration's word that Windows does not know is refused."""
    found = run(
        "try { Get-WebBinding -Site Shop } catch { $_.FullyQualifiedErrorId }\n"
        "try { New-CertificateNotificationTask -Type Renew -PSScript a -Name b -Channel System }\n"
        "catch { $_.FullyQualifiedErrorId }"
    )
    assert found == [
        "NamedParameterNotFound,Get-WebBinding",
        "ParameterArgumentValidationError,New-CertificateNotificationTask",
    ]


def test_stubs_have_every_command_and_parameter_of_windows(run: Run) -> None:
    """Each exported command of the three modules takes just the parameters Windows knows."""
    data = Path(__file__).parent.parent / "data" / "windows_commands.json"
    known = json.loads(data.read_text("ascii"))["commands"]
    modules = ["WebAdministration", "ScheduledTasks", "PKI"]
    wanted = {
        name: sorted(command["parameters"], key=str.casefold)
        for name, command in known.items()
        if command["module"] in modules
    }
    found = run(
        "$common = [System.Management.Automation.Cmdlet]::CommonParameters\n"
        "$modules = 'WebAdministration', 'ScheduledTasks', 'PKI'\n"
        "Import-Module $modules\n"
        "foreach ($command in Get-Command -Module $modules -CommandType Function) {\n"
        "    $own = @($command.Parameters.Keys | Where-Object { $common -notcontains $_ })\n"
        "    @{ name = $command.Name; own = @($own | Sort-Object) } }",
        Host(modules=modules),
    )
    given = {one["name"]: sorted(one["own"], key=str.casefold) for one in found}
    assert given == wanted


def test_host_has_only_its_own_modules(run: Run) -> None:
    """A module that the host lacks is not listed, and its commands are not found."""
    found = run(
        "$names = 'WebAdministration', 'PKI', 'ScheduledTasks'\n"
        "(Get-Module -ListAvailable -Name $names).Name | Sort-Object\n"
        "try { Get-ScheduledTask } catch { $_.FullyQualifiedErrorId }"
    )
    assert found == ["PKI", "WebAdministration", "CommandNotFoundException"]


def test_program_is_found_by_its_full_path_and_takes_a_splat(run: Run) -> None:
    """appcmd.exe answers at its place, hands back its status, and is off the search path."""
    found = run(
        '$program = "$env:SystemRoot\\System32\\inetsrv\\appcmd.exe"\n'
        "$arguments = 'renew', 'binding', '/oldcert:a b'\n"
        "& $program @arguments; $LASTEXITCODE; Test-Path -LiteralPath $program\n"
        "try { & appcmd.exe } catch { $_.FullyQualifiedErrorId }"
    )
    assert found == ["renew", "binding", "/oldcert:a b", 7, True, "CommandNotFoundException"]


def test_facts_are_the_hosts(run: Run) -> None:
    """Culture, execution policy, clock, environment and mutex name belong to the host."""
    found = run(
        '(Get-UICulture).Name; "$(Get-ExecutionPolicy)"; $env:COMPUTERNAME\n'
        '[int]((Get-Date) - [datetime]::Now).TotalHours; "[$env:PSREBIND_LAB_TOKEN]"\n'
        "$mine = New-Object -TypeName System.Threading.Mutex -ArgumentList $true, 'Global\\stub'\n"
        "$name = 'Global\\stub-web02'; [Threading.Mutex]::OpenExisting($name).GetType().Name"
    )
    assert found == ["de-DE", "AllSigned", "WEB02", 24, "[]", "Mutex"]


def test_constrained_session_still_reads(run: Run) -> None:
    """In Constrained Language .NET is refused to the script, and the lab's commands still work."""
    found = run(
        "try { [Net.Dns]::GetHostName() } catch { 'refused' }\n"
        "Import-Module WebAdministration; (Get-WebBinding).bindingInformation\n"
        f"(Get-ItemProperty -LiteralPath '{VERSION}').ProductName; & netsh.exe http show",
        Host(language_mode="ConstrainedLanguage"),
    )
    assert found == ["refused", "*:8443:", "Größe", "http", "show"]


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
    assert asyncio.run(_run(pwsh, script, Host())) == ["met", "released", "met"]


def test_wrong_token_is_turned_away() -> None:
    """A connection that does not know the lab's token is closed without an answer."""

    async def knock() -> bytes:
        async with _serving(Host()) as server:
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
