"""The PowerShell side of the lab: what a script on a lab shell sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lab.engines.stub_shell import BINDING, COM, RECORDS, VERSION, Host, run_body

Run = Callable[..., Any]


@pytest.fixture
def run(pwsh: Path, tmp_path: Path) -> Run:
    """Run a script body on a shell of a host of a few facts, and return its output."""
    return lambda body, host=None: run_body(pwsh, tmp_path, body, host or Host())


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


def test_a_site_number_has_no_sign(run: Run) -> None:
    """A binding's method names a site whose number is larger than a signed one."""
    host = Host()
    site = "/system.applicationHost/sites/site[@name='Shop' and @id='4294967295']"
    host.iis_bindings = lambda _: [BINDING | {"ItemXPath": site}]  # type: ignore[method-assign]
    run("(Get-WebBinding).RebindSslCertificate('BB', 'My')", host)
    assert host.asked[-1][1]["site_id"] == 2**32 - 1


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
    data = Path(__file__).parents[2] / "data" / "windows_commands.json"
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
        '$name = "Global\\stub-web02-$env:PSREBIND_LAB_PORT"\n'
        "[Threading.Mutex]::OpenExisting($name).GetType().Name"
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


def test_what_is_modelled_is_a_command_of_windows() -> None:
    """No name in the table of simulated commands is misspelt."""
    folder = files("psrebind.lab.engines") / "stubs"
    modules = json.loads((folder / "commands.json").read_text("ascii")).values()
    modelled = json.loads((folder / "modelled.json").read_text("ascii"))
    assert modelled.keys() <= {name for module in modules for name in module["commands"]}
