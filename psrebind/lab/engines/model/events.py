"""Event logs as the templates read them."""

from __future__ import annotations

from datetime import UTC, datetime

from psrebind.lab.engines.model.records import Row
from psrebind.lab.windows.event_log import FILE_CORRUPT
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault


def log_of(host: Host, name: str) -> Row | None:
    """Return what is known of a log, None where there is none."""
    logs: list[Row] = host.call("eventlog.logs", {})
    return next((log for log in logs if log["name"].casefold() == name.casefold()), None)


def found_events(host: Host, log: str, xpath: str, newest: int) -> list[Row]:
    """Return a log's events, newest first; that there are none is no fault."""
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


def round_trip_time(time: str) -> str:
    """Return a time in UTC as PowerShell's format 'o' has it: seven digits of a second."""
    found = datetime.fromisoformat(time)
    return f"{found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
