"""Event log, tasks and certificate notifications, as a script on a lab shell sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab.engines.task_host import CAUGHT, EVENT, LOG, NAME, PATH, TaskHost

Run = Callable[..., Any]


def test_channel_is_described(run: Run) -> None:
    """A log found by a wildcard says its name, whether it is on, how much it has and can have."""
    found = run(
        "$log = Get-WinEvent -ListLog '*Lifecycle-System*'; $log.LogName; $log.IsEnabled\n"
        "$log.RecordCount; $log.OldestRecordNumber; $log.FileSize; $log.MaximumSizeInBytes\n"
        '"$($log.LogMode) $($log.LogType)"'
    )
    assert found == [LOG, False, 1, 7, 69632, 2**20, "Circular Operational"]


def test_event_has_its_facts_and_its_xml(run: Run) -> None:
    """An event gives numbers, a local time and its XML, and the query reaches the host whole."""
    host = TaskHost()
    found = run(
        f"$event = Get-WinEvent -LogName '{LOG}' -FilterXPath '*' -MaxEvents 5 -Oldest\n"
        "$event.Id; $event.RecordId; $event.LogName; $event.Level; $event.ToXml()\n"
        "\"$($event.TimeCreated.Kind)\"; $event.TimeCreated.ToUniversalTime().ToString('o')",
        host,
    )
    assert found[:5] == [1001, 7, LOG, 4, "<Event>Größe</Event>"]
    assert found[5:] == ["Local", "2026-03-01T12:00:00.5000000Z"]
    asked = {"log": LOG, "xpath": "*", "newest": 5, "oldest": True}
    assert host.asked[-1] == ("eventlog.query", asked)


def test_missing_events_and_logs_are_the_cmdlets_own_errors(run: Run) -> None:
    """No events, no log and a bad query have their ids; only what is missing can be silenced."""
    found = run(
        f"$query = @{{ LogName = '{LOG}'; FilterXPath = '*[System[EventID=1002]]' }}\n"
        f"try {{ Get-WinEvent @query }} {CAUGHT}\n"
        f"try {{ Get-WinEvent -LogName Setup }} {CAUGHT}\n"
        f"try {{ Get-WinEvent -ListLog Setup }} {CAUGHT}\n"
        f"try {{ Get-WinEvent -LogName '{LOG}' -FilterXPath '[' -ErrorAction Ignore }} {CAUGHT}\n"
        "@(Get-WinEvent @query -ErrorAction SilentlyContinue).Count\n"
        "@(Get-WinEvent -LogName Setup -ErrorAction Ignore).Count"
    )
    events, logs = (
        f"NoMatching{what}Found,Microsoft.PowerShell.Commands.GetWinEventCommand"
        for what in ("Events", "Logs")
    )
    missing = "ObjectNotFound"
    assert found[:6] == [events, missing, logs, missing, logs, missing]
    assert found[6:] == [events.replace(events.split(",")[0], "Query"), "InvalidArgument", 0, 0]


def test_get_winevent_has_the_parameters_of_windows(run: Run) -> None:
    """It takes just the parameters of the cmdlet, and refuses by name what is not modelled."""
    data = Path(__file__).parents[2] / "data" / "windows_commands.json"
    known = json.loads(data.read_text("ascii"))["commands"]["Get-WinEvent"]["parameters"]
    found = run(
        "$common = [System.Management.Automation.Cmdlet]::CommonParameters\n"
        "@((Get-Command Get-WinEvent).Parameters.Keys | Where-Object { $common -notcontains $_ })\n"
        'try { Get-WinEvent -ProviderName a } catch { "$_" }\n'
        "try { Get-WinEvent -FilterHashtable @{ LogName = 'a' } } catch { \"$_\" }"
    )
    assert sorted(found[:-2]) == sorted(known)
    assert found[-2].startswith("'Get-WinEvent -ProviderName' is not simulated")
    assert found[-1].startswith("'Get-WinEvent -FilterHashtable' is not simulated")


def test_task_is_an_instance_with_triggers_and_actions(run: Run) -> None:
    """A task's state is a word and a number, and only an event trigger has a subscription."""
    found = run(
        f"$task = Get-ScheduledTask -TaskPath '{PATH}' -TaskName '{NAME}'\n"
        "$task.TaskPath; $task.TaskName; $task.URI; \"$($task.State)\"; $task.State -eq 'Ready'\n"
        "[int]$task.State; $task.Triggers[0].CimClass.CimClassName\n"
        "$task.Triggers[0].Subscription; $task.Actions[0].Execute; $task.Actions[0].Arguments\n"
        "$timed = Get-ScheduledTask -TaskName Night*; $timed.Triggers[0].CimClass.CimClassName\n"
        "$null -eq $timed.Triggers[0].PSObject.Properties['Subscription']; \"$($timed.State)\"\n"
        "@(Get-ScheduledTask).Count; @(Get-ScheduledTask -TaskName 'x*').Count"
    )
    assert found[:6] == [PATH, NAME, PATH + NAME, "Ready", True, 3]
    assert found[6:10] == ["MSFT_TaskEventTrigger", "<QueryList/>", "appcmd.exe", "renew binding"]
    assert found[10:] == ["MSFT_TaskTimeTrigger", True, "Disabled", 2, 0]


def test_missing_task_is_an_error_that_a_preference_does_not_make_terminating(run: Run) -> None:
    """Only -ErrorAction Stop on the call ends it, whatever $ErrorActionPreference says."""
    found = run(
        "Get-ScheduledTask -TaskName Gone 2>$null; 'went on'\n"
        f"try {{ Get-ScheduledTask -TaskName Gone -ErrorAction Stop }} {CAUGHT}\n"
        f"$gone = @{{ TaskPath = '{PATH}'; TaskName = 'Gone'; ErrorAction = 'Stop' }}\n"
        f"try {{ Get-ScheduledTask @gone }} {CAUGHT}\n"
        "$global:ErrorActionPreference = 'Stop'\n"
        "Get-ScheduledTask -TaskName Gone 2>$null; 'went on'"
    )
    query, missing = "CmdletizationQuery_NotFound", "ObjectNotFound"
    named = [f"{query}_TaskName,Get-ScheduledTask", missing]
    assert found == ["went on", *named, f"{query},Get-ScheduledTask", missing, "went on"]


def test_task_info_needs_the_path_or_the_object(run: Run) -> None:
    """Path and name or a piped task give the last run; the name alone fails with 0x80070002."""
    found = run(
        f"$info = Get-ScheduledTaskInfo -TaskPath '{PATH}' -TaskName '{NAME}' -ErrorAction Stop\n"
        "$info.LastRunTime.ToString('s'); \"$($info.LastRunTime.Kind)\"; $info.LastTaskResult\n"
        "$info.LastTaskResult.GetType().Name; $null -eq $info.NextRunTime\n"
        f"(Get-ScheduledTask -TaskName '{NAME}' | Get-ScheduledTaskInfo).TaskPath\n"
        f"try {{ Get-ScheduledTaskInfo -TaskName '{NAME}' -ErrorAction Stop }}\n"
        "catch { $_.FullyQualifiedErrorId; '{0:X}' -f $_.Exception.HResult }\n"
        f"try {{ Export-ScheduledTask -TaskName '{NAME}' -ErrorAction Stop }}\n"
        "catch { $_.FullyQualifiedErrorId }"
    )
    assert found[:5] == ["1999-11-30T00:00:00", "Local", 267011, "UInt32", True]
    assert found[5:8] == [PATH, "HRESULT 0x80070002,Get-ScheduledTaskInfo", "80070002"]
    assert found[8:] == ["HRESULT 0x80070002,Export-ScheduledTask"]


def test_task_is_registered_exported_and_unregistered(run: Run) -> None:
    """Each command reaches the host with path and name, and an existing task needs -Force."""
    host = TaskHost()
    found = run(
        f"$place = @{{ TaskPath = '{PATH}'; TaskName = '{NAME}'; ErrorAction = 'Stop' }}\n"
        "(Register-ScheduledTask @place -Xml '<Task/>' -Force).TaskName\n"
        f"try {{ Register-ScheduledTask @place -Xml '<Task/>' }} {CAUGHT}\n"
        "Export-ScheduledTask @place\n"
        '"$((Disable-ScheduledTask @place).State)"; $null = Enable-ScheduledTask @place\n'
        "Start-ScheduledTask @place; Unregister-ScheduledTask @place -Confirm:$false",
        host,
    )
    exists = ["HRESULT 0x800700b7,Register-ScheduledTask", "ResourceExists"]
    assert found == [NAME, *exists, f"<Task>{NAME}</Task>", "Ready"]
    place = {"path": PATH, "name": NAME}
    given = [one for one in host.asked if one[0] not in ("tasks.list", "tasks.export")]
    registered = place | {"xml": "<Task/>", "force": True}
    assert given == [
        ("tasks.register", registered),
        ("tasks.register", registered | {"force": False}),
        ("tasks.disable", place),
        ("tasks.enable", place),
        ("tasks.start", place),
        ("tasks.unregister", place),
    ]


def test_unregister_asks_first(run: Run) -> None:
    """Without -Confirm:$false a shell that cannot ask gets an error, and the task stays."""
    host = TaskHost()
    found = run(
        f"try {{ Unregister-ScheduledTask -TaskPath '{PATH}' -TaskName '{NAME}'; 'done' }}\n"
        "catch { 'refused' }\n"
        'try { Register-ScheduledTask -TaskName a -Xml b -User c } catch { "$_" }',
        host,
    )
    assert found == ["refused", "'Register-ScheduledTask -User' is not simulated by the lab."]
    assert "tasks.unregister" not in [command for command, _ in host.asked]


def test_certificate_switch_names_both_paths(run: Run) -> None:
    """Switch-Certificate takes paths, and tells whether the renewal property is meant too."""
    host = TaskHost()
    paths = "-OldCert 'Cert:\\LocalMachine\\My\\AA' -NewCert 'Cert:\\LocalMachine\\My\\BB'"
    found = run(
        f"Switch-Certificate {paths} -NotifyOnly; Switch-Certificate {paths}\n"
        "try { Switch-Certificate AA BB } catch { $_.FullyQualifiedErrorId }",
        host,
    )
    given = {"old": "Cert:\\LocalMachine\\My\\AA", "new": "Cert:\\LocalMachine\\My\\BB"}
    assert host.asked == [
        ("pki.switch", given | {"notify_only": True}),
        ("pki.switch", given | {"notify_only": False}),
    ]
    assert found[-1].endswith(",Microsoft.CertificateServices.Commands.SwitchCertificateCommand")


def test_notification_tasks_are_made_listed_and_removed(run: Run) -> None:
    """The notification commands reach the host with their four values."""
    host = TaskHost()
    found = run(
        "$made = New-CertificateNotificationTask -Type Replace -PSScript 'C:\\a.ps1' "
        "-Name mine -Channel System; $made.Name\n"
        "Get-CertificateNotificationTask | ForEach-Object { $_.PSScript }\n"
        "Get-CertificateNotificationTask | Remove-CertificateNotificationTask",
        host,
    )
    assert found == ["mine", "C:\\a.ps1"]
    task = {"type": "Replace", "channel": "System", "script": "C:\\a.ps1", "name": "mine"}
    assert ("pki.add_notification_task", task) in host.asked
    assert host.asked[-1] == ("pki.remove_notification_task", {"name": "mine"})


@pytest.mark.parametrize(
    "program", ["wevtutil.exe", "wevtutil", "$env:SystemRoot\\System32\\wevtutil.exe"]
)
def test_wevtutil_is_found_by_each_of_its_names(run: Run, program: str) -> None:
    """wevtutil.exe stands on the search path, and passes its arguments to the host."""
    found = run(f"$arguments = 'sl', 'a b', '/e:true'\n& \"{program}\" @arguments; $LASTEXITCODE")
    assert found == ["sl", "a b", "/e:true", 7]


def test_constrained_session_reads_tasks_and_events(run: Run) -> None:
    """In Constrained Language tasks, channels and events' facts are read."""
    found = run(
        f"(Get-WinEvent -LogName '{LOG}').Id; (Get-WinEvent -ListLog '{LOG}').IsEnabled\n"
        f"(Get-WinEvent -LogName '{LOG}').ToXml()\n"
        f"\"$((Get-ScheduledTask -TaskName '{NAME}').State)\"",
        TaskHost(language_mode="ConstrainedLanguage"),
    )
    assert found == [1001, False, EVENT["xml"], "Ready"]
