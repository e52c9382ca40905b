"""What Get-WinEvent shows of event channels: logs, queries, and the faults of both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from psrebind.lab.windows import event_values, event_xpath, system_errors
from psrebind.lab.windows.event_channels import Channel, Event, find_channel
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.persistence import encode

INVALID_QUERY = 15001
CHANNEL_NOT_FOUND = 15007
QUERY_TOO_COMPLEX = 15026
NO_TEXTS = 15100
FILE_CORRUPT = 1500
EVENT_TEXTS = {
    INVALID_QUERY: ("The specified query is invalid.", "Die angegebene Abfrage ist ungültig."),
    CHANNEL_NOT_FOUND: (
        "The specified channel could not be found.",
        "Der angegebene Kanal konnte nicht gefunden werden.",
    ),
    QUERY_TOO_COMPLEX: (
        "The filter is too complex.",
        "Der Filter ist zu komplex.",
    ),
    FILE_CORRUPT: (
        "The event log file is corrupted.",
        "Die Ereignisprotokolldatei ist beschädigt.",
    ),
    NO_TEXTS: (
        "The resource loader failed to find MUI file.",
        "Das Ressourcenladeprogramm hat die MUI-Datei nicht gefunden.",
    ),
}


def logs(host: Host, _: Mapping[str, object]) -> list[dict[str, object]]:
    """Return what Get-WinEvent -ListLog shows of each channel."""
    return [_described(channel) for channel in host.state.channels]


def query(host: Host, arguments: Mapping[str, object]) -> list[dict[str, object]]:
    """Return what Get-WinEvent finds; no channel and no event are faults, as they are there."""
    german = host.state.german
    name = str(arguments["log"])
    channel = find_channel(host.state.channels, name)
    if channel is None:
        raise _none_found("NoMatchingLogsFound", german=german)
    if channel.trouble == "denied":
        raise _denied(name, german=german)
    found = select(host, channel, arguments.get("xpath"))
    if not found:
        raise _none_found("NoMatchingEventsFound", german=german)
    ordered = found if arguments.get("oldest") else found[::-1]
    limit = arguments.get("newest")
    error = event_text(NO_TEXTS, german=german)
    rows = [
        {"log": channel.name, **encode(event), "error": None if event.shown else error}
        for event in ordered[: None if limit is None else int(str(limit))]
    ]
    # As many as were asked for: nothing is read after them.
    if channel.trouble == "torn" and len(rows) != limit:
        rows.append({"torn": event_text(FILE_CORRUPT, german=german)})
    return rows


def select(host: Host, channel: Channel, xpath: object) -> tuple[Event, ...]:
    """Return a channel's events that an XPath matches, oldest first; no XPath matches all."""
    now = host.now()
    late = timedelta(milliseconds=host.state.assumptions.event_delay_milliseconds)
    written = tuple(one for one in channel.events if not late or one.time + late <= now)
    if not xpath:
        return written
    matches = compile_query(host, str(xpath))
    return tuple(one for one in written if matches(event_xpath.parse_event(one.xml), now))


def compile_query(host: Host, xpath: str) -> event_xpath.Matcher:
    """Return an XPath ready to match, or raise what Windows says of one it does not take."""
    german = host.state.german
    try:
        return event_xpath.compile_xpath(
            xpath, limit=host.state.assumptions.event_query_maximum_comparisons
        )
    except event_values.TooComplex as error:
        raise query_fault(QUERY_TOO_COMPLEX, str(error), german=german) from error
    except event_values.Unsupported as error:
        raise system_errors.not_simulated(f"The event query's {error}") from error
    except event_values.InvalidXPath as error:
        raise query_fault(INVALID_QUERY, str(error), german=german) from error


def event_text(code: int, *, german: bool) -> str:
    """Return the event log's sentence for one of its error numbers."""
    return EVENT_TEXTS[code][german]


def query_fault(code: int, reason: str, *, german: bool) -> HostFault:
    """Return the fault of Get-WinEvent for a query that the event log refuses."""
    exception = "System.Diagnostics.Eventing.Reader.EventLogException"
    return HostFault(
        f"{event_text(code, german=german)} ({reason})",
        error_id=f"{exception},Microsoft.PowerShell.Commands.GetWinEventCommand",
        exception_type=exception,
        hresult=0x80070000 | code,
    )


def _denied(log: str, *, german: bool) -> HostFault:
    text = system_errors.system_text(system_errors.ACCESS_DENIED, german=german)
    return HostFault(
        f"{log}: {text}",
        error_id="LogInfoUnavailable,Microsoft.PowerShell.Commands.GetWinEventCommand",
        exception_type="System.Exception",
    )


def _none_found(error: str, *, german: bool) -> HostFault:
    english, translated = {
        "NoMatchingLogsFound": (
            "There is not an event log on the localhost computer that matches the name.",
            'Auf dem Computer "localhost" gibt es kein Ereignisprotokoll dieses Namens.',
        ),
        "NoMatchingEventsFound": (
            "No events were found that match the specified selection criteria.",
            "Es wurden keine Ereignisse gefunden, die den Auswahlkriterien entsprechen.",
        ),
    }[error]
    return HostFault(
        translated if german else english,
        error_id=f"{error},Microsoft.PowerShell.Commands.GetWinEventCommand",
        category="ObjectNotFound",
        exception_type="System.Exception",
    )


def _described(channel: Channel) -> dict[str, object]:
    events = channel.events
    return {
        "name": channel.name,
        "enabled": channel.enabled,
        "count": len(events),
        "oldest": events[0].record_id if events else None,
        "newest": events[-1].record_id if events else None,
        "maximum_size": channel.maximum_size,
        "file_size": channel.file_size,
        "oldest_time": encode(events[0].time) if events else None,
    }
