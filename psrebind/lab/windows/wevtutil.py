"""The program wevtutil: switching channels on and off, and reading their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from psrebind.lab.windows import event_log, system_errors
from psrebind.lab.windows.event_channels import Channel, find_channel
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.netsh import ProgramResult

ACCESS_DENIED = 5
LONG_VERBS = {"set-log": "sl", "query-events": "qe"}
# Of the console: what it lacks comes as a question mark.
CODE_PAGES = ("cp437", "cp850")
OPTIONS = {
    "e": "enabled",
    "q": "query",
    "f": "format",
    "c": "count",
    "rd": "reversedirection",
}


def run(host: Host, arguments: Sequence[str]) -> ProgramResult:
    """Carry out `sl` and `qe`."""
    verb = arguments[0].casefold() if arguments else ""
    verb = LONG_VERBS.get(verb, verb)
    if verb not in ("sl", "qe") or len(arguments) < 2:
        raise system_errors.not_simulated(f"wevtutil {' '.join(arguments)}")
    options = _options(arguments[2:])
    channel = find_channel(host.state.channels, arguments[1])
    if channel is None:
        return _failed(host, event_log.CHANNEL_NOT_FOUND)
    return _set(host, channel, options) if verb == "sl" else _query(host, channel, options)


def _set(host: Host, channel: Channel, options: dict[str, str]) -> ProgramResult:
    wanted = options.pop("enabled", "")
    if wanted not in ("true", "false") or options:
        raise system_errors.not_simulated(f"wevtutil sl with {wanted or sorted(options)}")
    if not host.state.facts.administers:
        text = system_errors.system_text(system_errors.ACCESS_DENIED, german=host.state.german)
        return ProgramResult(exit=ACCESS_DENIED, output=(text,))

    def switched(one: Channel) -> Channel:
        return replace(one, enabled=wanted == "true") if one.name == channel.name else one

    host.change(lambda state: replace(state, channels=tuple(map(switched, state.channels))))
    return ProgramResult(exit=0)


def _query(host: Host, channel: Channel, options: dict[str, str]) -> ProgramResult:
    xpath = options.pop("query", "")
    count = int(options.pop("count", "0"))
    newest_first = options.pop("reversedirection", "false") == "true"
    form = options.pop("format", "xml")
    if options or form.casefold() != "xml":
        raise system_errors.not_simulated(
            f"wevtutil qe with {form if not options else sorted(options)}"
        )
    try:
        found = event_log.select(host, channel, xpath)
    except HostFault as fault:
        if fault.category == "NotImplemented":
            raise
        return _failed(host, system_errors.win32_code(fault))
    ordered = found[::-1] if newest_first else found
    page = CODE_PAGES[host.state.german]
    lines = (one.xml.encode(page, "replace").decode(page) for one in ordered[: count or None])
    return ProgramResult(exit=0, output=tuple(lines))


def _options(words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        name, _, value = word.lstrip("/").partition(":")
        name = name.casefold()
        found[OPTIONS.get(name, name)] = value if name in ("q", "query") else value.casefold()
    return found


def _failed(host: Host, code: int) -> ProgramResult:
    return ProgramResult(exit=code, output=(event_log.event_text(code, german=host.state.german),))
