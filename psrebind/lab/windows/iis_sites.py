"""Sites and bindings as PowerShell makes and removes them.

A removed site leaves its http.sys records behind, as there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from psrebind.lab.windows import iis, system_errors
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import split_information
from psrebind.lab.windows.names import same_name
from psrebind.lab.windows.state import Binding, HostState, Site

Arguments = Mapping[str, object]

# Before Server 2016 IIS knows server names and central certificates only.
FIRST_BUILD_WITH_FLAGS, OLD_FLAGS = 14393, 3


def add_site(host: Host, arguments: Arguments) -> dict[str, object]:
    """Carry out New-Website: a started site with one binding, without a certificate."""
    host.require_administrator()
    name = str(arguments["name"])
    protocol = "https" if arguments.get("ssl") else "http"
    binding = Binding(protocol=protocol, information=_information(arguments))
    site = Site(id=int(str(arguments["id"])), name=name, bindings=(binding,))
    if any(one.id == site.id or same_name(one.name, name) for one in host.state.sites):
        raise system_errors.system_fault(system_errors.ALREADY_EXISTS, german=host.state.german)
    host.change(lambda state: replace(state, sites=(*state.sites, site)))
    return next(one for one in iis.sites(host.state) if one["id"] == site.id)


def add_binding(host: Host, arguments: Arguments) -> None:
    """Carry out New-WebBinding."""
    host.require_administrator()
    state, flags = host.state, int(str(arguments.get("flags") or 0))
    if flags & ~OLD_FLAGS and state.facts.build < FIRST_BUILD_WITH_FLAGS:
        raise system_errors.system_fault(system_errors.INVALID_ARGUMENT, german=state.german)
    binding = Binding(
        protocol=str(arguments["protocol"]), information=_information(arguments), flags=flags
    )
    site = _site(state, str(arguments["name"]))
    if any(one.information == binding.information for one in site.bindings):
        raise system_errors.system_fault(system_errors.ALREADY_EXISTS, german=state.german)
    grown = replace(site, bindings=(*site.bindings, binding))
    host.change(
        lambda now: replace(
            now, sites=tuple(grown if one.id == site.id else one for one in now.sites)
        )
    )


def remove_site(host: Host, arguments: Arguments) -> None:
    """Carry out Remove-Website."""
    host.require_administrator()
    gone = _site(host.state, str(arguments["name"]))
    host.change(
        lambda state: replace(
            state, sites=tuple(one for one in state.sites if not same_name(one.name, gone.name))
        )
    )


def _information(arguments: Arguments) -> str:
    words = [str(arguments.get(name) or "") for name in ("ip", "port", "host")]
    text = f"{words[0] or '*'}:{words[1]}:{words[2]}"
    split_information(text)
    return text


def _site(state: HostState, name: str) -> Site:
    for site in state.sites:
        if same_name(site.name, name):
            return site
    raise system_errors.system_fault(system_errors.ELEMENT_NOT_FOUND, german=state.german)


COMMANDS: Mapping[str, Callable[[Host, Arguments], object]] = {
    "iis.add_site": add_site,
    "iis.add_binding": add_binding,
    "iis.remove_site": remove_site,
}
