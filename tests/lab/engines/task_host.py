"""A simulated host with a log, tasks and notifications."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from lab.engines.stub_shell import Host

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.tasks import TASK_NAME, TASK_PATH
from psrebind.lab.windows.host_fault import HostFault

LOG, PATH, NAME = SYSTEM_CHANNEL, TASK_PATH, TASK_NAME
TASK = {
    "path": PATH,
    "name": NAME,
    "state": "Ready",
    "uri": PATH + NAME,
    "triggers": [
        {"kind": "MSFT_TaskEventTrigger", "enabled": True, "subscription": "<QueryList/>"}
    ],
    "actions": [{"execute": "appcmd.exe", "arguments": "renew binding"}],
}
TIMED = {
    "path": "\\",
    "name": "Nightly",
    "state": "Disabled",
    "uri": "\\Nightly",
    "triggers": [{"kind": "MSFT_TaskTimeTrigger", "enabled": True, "subscription": None}],
    "actions": [{"execute": "cmd.exe", "arguments": None}],
}
INFO = {
    "last_run": "1999-11-30T00:00:00",
    "last_result": 267011,
    "next_run": None,
    "missed_runs": 0,
}
EVENT = {
    "record_id": 7,
    "log": LOG,
    "provider": "Microsoft-Windows-CertificateServicesClient-Lifecycle-System",
    "id": 1001,
    "level": 4,
    "time": "2026-03-01T12:00:00.5000000Z",
    "xml": "<Event>Größe</Event>",
}
CAUGHT = 'catch { $_.FullyQualifiedErrorId; "$($_.CategoryInfo.Category)" }'


class TaskHost(Host):
    """A host with one channel, two tasks and one task of notification."""

    def __init__(self, **facts: object) -> None:
        super().__init__(**({"modules": ["ScheduledTasks", "PKI"]} | facts))

    def eventlog_logs(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        log = {"name": LOG, "enabled": False, "count": 1, "oldest": 7, "newest": 7}
        return [log | {"maximum_size": 2**20, "file_size": 69632, "oldest_time": EVENT["time"]}]

    def eventlog_query(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        if arguments["log"] != LOG:
            raise HostFault("No log.", "NoMatchingLogsFound", "ObjectNotFound")
        if arguments["xpath"] == "[":
            raise HostFault("The specified query is invalid", "Query", "InvalidArgument")
        if arguments["xpath"] == "*[System[EventID=1002]]":
            raise HostFault("No events.", "NoMatchingEventsFound", "ObjectNotFound")
        return [EVENT]

    def tasks_list(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        asked = {key: value for key, value in arguments.items() if value is not None}
        found = [row for row in (TASK, TIMED) if _are(asked, row)]
        if not found and "*" not in "".join(asked.values()):
            kind = "" if len(asked) > 1 else "_TaskName"
            raise HostFault("?", f"CmdletizationQuery_NotFound{kind}", "ObjectNotFound")
        return found

    def tasks_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._find(arguments)
        return INFO

    def tasks_export(self, arguments: dict[str, Any]) -> str:
        return f"<Task>{self._find(arguments)['name']}</Task>"

    def tasks_register(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if not arguments["force"]:
            raise HostFault("There.", "HRESULT 0x800700b7", "ResourceExists", hresult=0x800700B7)
        return TASK

    def tasks_enable(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._find(arguments)

    tasks_disable = tasks_enable

    def tasks_unregister(self, _: dict[str, Any]) -> None:
        return None

    tasks_start = pki_switch = pki_remove_notification_task = tasks_unregister

    def pki_add_notification_task(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return arguments

    def pki_notification_tasks(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"name": "mine", "type": "Replace", "channel": "System", "script": "C:\\a.ps1"}]

    def _find(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if not _are(arguments, TASK):
            raise HostFault("?", "HRESULT 0x80070002", "ObjectNotFound", hresult=0x80070002)
        return TASK


def _are(asked: dict[str, Any], row: dict[str, Any]) -> bool:
    return all(fnmatchcase(row[key], pattern) for key, pattern in asked.items())
