"""What the operation on lifecycle events finds on the model of a host, without PowerShell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from psrebind.lab.engines.model.operations import Operation, Refused, native
from psrebind.lab.engines.model.registry_operations import Row
from psrebind.lab.engines.model.script import Asked
from psrebind.lab.windows.event_log import FILE_CORRUPT
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault


def _events(host: Host, asked: Asked) -> Iterator[Row | str]:
    for name in asked.value("channels"):
        log = log_of(host, name)
        row: Row = {"channel": name, "enabled": None, "records": None, "oldest": None}
        row |= {"events": [], "console": False}
        if log:
            row |= {"enabled": log["enabled"], "records": log["count"]}
            row["oldest"] = log["oldest_time"] and utc(log["oldest_time"])
            try:
                found = found_events(host, name, asked.value("query"), asked.value("newest"))
                row["console"] = bool(found) and host.facts.language_mode != "FullLanguage"
                row["events"] = (
                    _printed(host, asked, name)
                    if row["console"]
                    else [event["xml"] for event in found]
                )
                if errors := [event["error"] for event in found if event["error"]]:
                    yield _unshown(name, errors)
            except HostFault as fault:
                if log["enabled"]:
                    raise
                yield f"{name} is off and cannot be read: {fault.message}"
        yield row


def _printed(host: Host, asked: Asked, log: str) -> list[str]:
    query, newest = asked.value("query"), asked.value("newest")
    words = (f"/q:{query}", "/f:xml", f"/c:{newest}", "/rd:true")
    printed = native(host, r"C:\Windows\System32\wevtutil.exe", "qe", log, *words)
    if printed["exit"]:
        raise Refused(f"wevtutil ended with {printed['exit']} for {log}.")
    return list(printed["output"])


def _unshown(log: str, errors: list[str]) -> str:
    return (
        f"Windows could not read or show {len(errors)} of the events of {log}; "
        f"those that it gave are here. The first error: {errors[0]}"
    )


def log_of(host: Host, name: str) -> Row | None:
    logs: list[Row] = host.call("eventlog.logs", {})
    return next((log for log in logs if log["name"].casefold() == name.casefold()), None)


def found_events(host: Host, log: str, xpath: str, newest: int) -> list[Row]:
    wanted = {"log": log, "xpath": xpath, "newest": newest, "oldest": False}
    try:
        events: list[Row] = host.call("eventlog.query", wanted)
    except HostFault as fault:
        if not fault.error_id.startswith("NoMatchingEventsFound"):
            raise
        return []
    torn = next((one["torn"] for one in events if "torn" in one), None)
    if torn:
        raise HostFault(
            torn,
            error_id=f"{torn},Microsoft.PowerShell.Commands.GetWinEventCommand",
            exception_type="System.Diagnostics.Eventing.Reader.EventLogException",
            hresult=0x80070000 | FILE_CORRUPT,
        )
    return events


def utc(moment: str) -> str:
    found = datetime.fromisoformat(moment)
    # PowerShell's format 'o': seven digits of a second.
    return f"{found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


EVENTS: dict[str, Operation] = {"get_lifecycle_event": _events}
