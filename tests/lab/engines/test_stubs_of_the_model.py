"""Files, certificates, events and tasks of the real model, as a script on a lab shell sees them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.engines.task_host import CAUGHT, LOG, NAME, PATH
from lab_hosts import host as model
from lab_hosts import issue

from psrebind.decode.tasks import wanted_xml
from psrebind.lab.windows.files import ROOT

Run = Callable[..., Any]


def test_file_is_written_read_and_removed_on_the_host(run: Run, tmp_path: Path) -> None:
    """A text below the project's folder lives in the host's state, and nowhere on this machine."""
    where = model(tmp_path)
    found = run(
        '$folder = "$env:ProgramFiles\\psrebind\\scripts"; Test-Path -LiteralPath $folder\n'
        "$null = New-Item -Path $folder -ItemType Directory -Force\n"
        "$null = New-Item -Path $folder -ItemType Directory -Force\n"
        "$file = \"$folder\\a.ps1\"; 'one', 'Größe' | Set-Content -LiteralPath $file\n"
        "Test-Path $folder -PathType Container; Test-Path $file -PathType Leaf\n"
        "Get-Content -LiteralPath $file; Get-Content -LiteralPath $file.ToUpper() -Raw\n"
        "Set-Content -LiteralPath $file -Value 'new' -NoNewline -Encoding Ascii\n"
        "Get-Content $file; Remove-Item -LiteralPath $file; Test-Path -LiteralPath $file",
        where.call,
    )
    text = "one\r\nGröße\r\n"
    assert found == [False, True, True, "one", "Größe", text, "new", False]
    assert set(where.state.files) == {f"{ROOT}\\", f"{ROOT}\\scripts\\"}


def test_missing_file_and_folder_are_the_cmdlets_own_errors(run: Run, tmp_path: Path) -> None:
    """What is not there has the ids of the provider, and other paths of the host stay refused."""
    found = run(
        f"$file = '{ROOT}\\a.txt'\n"
        "foreach ($act in { Get-Content $file }, { Remove-Item $file }, { Set-Content $file a },\n"
        "    { New-Item $file -ItemType File }, { Get-Item $file }) {\n"
        "    try { & $act } catch { $_.FullyQualifiedErrorId } }\n"
        "@(Get-Content $file -ErrorAction SilentlyContinue).Count\n"
        "$null = New-Item 'C:\\Program Files\\psrebind' -ItemType Directory\n"
        "try { New-Item 'C:\\Program Files\\psrebind' -ItemType Directory }\n"
        "catch { $_.FullyQualifiedErrorId }",
        model(tmp_path).call,
    )
    prefix = "Microsoft.PowerShell.Commands."
    assert found[:3] == [
        f"PathNotFound,{prefix}GetContentCommand",
        f"PathNotFound,{prefix}RemoveItemCommand",
        f"GetContentWriterDirectoryNotFoundError,{prefix}SetContentCommand",
    ]
    assert [one.split(",")[0] for one in found[3:5]] == ["NotSimulated"] * 2
    assert found[5:] == [0, f"DirectoryExist,{prefix}NewItemCommand"]


def test_real_files_reach_the_real_cmdlets(run: Run, tmp_path: Path) -> None:
    """Files of this machine are still written, read and removed through the shadowed commands."""
    folder = tmp_path / "real"
    found = run(
        f"$null = New-Item -Path '{folder}' -ItemType Directory; $file = '{folder}/a.txt'\n"
        "'one', 'two' | Set-Content -LiteralPath $file; @(Get-Content -LiteralPath $file).Count\n"
        "Set-Content $file 'three'; Get-Content $file; Remove-Item $file; Test-Path $file"
    )
    assert found == [2, "three", False]
    assert folder.is_dir()


def test_certificates_of_the_drive_show_their_extensions(run: Run, tmp_path: Path) -> None:
    """Each certificate has its thumbprint and the bytes of its extensions, under strict mode."""
    certificates = tuple(issue(tmp_path, [f"www{number}.example"]) for number in range(3))
    where = model(tmp_path, certificates=certificates)
    found = run(
        "foreach ($one in Get-ChildItem -LiteralPath Cert:\\LocalMachine\\My) {\n"
        "    $names = @($one.Extensions | Where-Object { $_.Oid.Value -eq '2.5.29.17' })\n"
        "    $one.Thumbprint; [Text.Encoding]::ASCII.GetString($names[0].RawData, 4, 12) }",
        where.call,
    )
    thumbprints, names = found[::2], found[1::2]
    assert sorted(thumbprints) == sorted(one.thumbprint for one in certificates)
    assert sorted(names) == [f"www{number}.example" for number in range(3)]


def test_switch_is_seen_in_the_log_and_by_the_task(run: Run, tmp_path: Path) -> None:
    """On the model a notice becomes event 1001, and starts the task that waits for it."""
    old, new = issue(tmp_path), issue(tmp_path)
    where = model(tmp_path, certificates=(old, new))
    xml = wanted_xml().replace("'", "''")
    found = run(
        f"& wevtutil.exe sl '{LOG}' /e:true; $LASTEXITCODE\n"
        f"$place = @{{ TaskPath = '{PATH}'; TaskName = '{NAME}'; ErrorAction = 'Stop' }}\n"
        f"$null = Register-ScheduledTask @place -Xml '{xml}'\n"
        "(Get-ScheduledTaskInfo @place).LastTaskResult\n"
        f"$my = 'Cert:\\LocalMachine\\My\\'\n"
        f'$new = Get-Item -LiteralPath "${{my}}{new.thumbprint}"\n'
        f'Switch-Certificate "${{my}}{old.thumbprint}" $new -NotifyOnly\n'
        f"(Get-WinEvent -LogName '{LOG}' -MaxEvents 1).Id\n"
        f"(Get-WinEvent -LogName '{LOG}' -MaxEvents 1).ToXml()\n"
        f"(Get-WinEvent -ListLog '{LOG}').RecordCount\n"
        "(Get-ScheduledTaskInfo @place).LastTaskResult\n"
        '"$((Get-ScheduledTask @place).State)"; (Export-ScheduledTask @place).Length -gt 100\n'
        "Unregister-ScheduledTask @place -Confirm:$false\n"
        f"try {{ Get-ScheduledTask @place }} {CAUGHT}",
        where.call,
    )
    assert found[:3] == [0, 267011, 1001]
    assert old.thumbprint.lower() in found[3]
    assert found[4:8] == [1, 0, "Ready", True]
    assert found[8:] == ["CmdletizationQuery_NotFound,Get-ScheduledTask", "ObjectNotFound"]


def test_bad_query_is_the_event_logs_own_exception(run: Run, tmp_path: Path) -> None:
    """A query that the log refuses ends the cmdlet with the log's type, which only Windows has."""
    found = run(
        f"try {{ Get-WinEvent -LogName '{LOG}' -FilterXPath '*[' -ErrorAction Ignore }}\n"
        "catch { $_.FullyQualifiedErrorId; $_.Exception.PSObject.TypeNames[0]\n"
        "    '{0:X}' -f $_.Exception.HResult }",
        model(tmp_path).call,
    )
    kind = "System.Diagnostics.Eventing.Reader.EventLogException"
    assert found == [f"{kind},Microsoft.PowerShell.Commands.GetWinEventCommand", kind, "80073A99"]
