"""What PowerShell makes on a host and takes away again: sites, bindings, self-signed certificates.

It knows IIS and stores as values; a removed site leaves its http.sys records behind, as there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from psrebind.lab.windows import iis, system_errors
from psrebind.lab.windows.certificate_authority import self_signed
from psrebind.lab.windows.certificate_stores import StoredCertificate, find, same_store, stored
from psrebind.lab.windows.http_sys import split_information
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.state import Binding, HostState, Site

if TYPE_CHECKING:
    from psrebind.lab.windows.host import Host

Arguments = Mapping[str, object]

VALIDITY = timedelta(days=365)
# Before Server 2016 IIS knows server names and central certificates only.
FIRST_BUILD_WITH_FLAGS, OLD_FLAGS = 14393, 3


def add_site(host: Host, arguments: Arguments) -> dict[str, object]:
    """Carry out New-Website: a started site with one binding, without a certificate."""
    _require_elevation(host)
    name = str(arguments["name"])
    protocol = "https" if arguments.get("ssl") else "http"
    binding = Binding(protocol=protocol, information=_information(arguments))
    site = Site(id=int(str(arguments["id"])), name=name, bindings=(binding,))
    if any(one.id == site.id or _same(one.name, name) for one in host.state.sites):
        raise system_errors.system_fault(system_errors.ALREADY_EXISTS, german=host.state.german)
    host.change(lambda state: replace(state, sites=(*state.sites, site)))
    return next(one for one in iis.sites(host.state) if one["id"] == site.id)


def add_binding(host: Host, arguments: Arguments) -> None:
    """Carry out New-WebBinding."""
    _require_elevation(host)
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
    host.change(lambda now: _put(now, grown))


def remove_site(host: Host, arguments: Arguments) -> None:
    """Carry out Remove-Website."""
    _require_elevation(host)
    gone = _site(host.state, str(arguments["name"]))
    host.change(
        lambda state: replace(
            state, sites=tuple(one for one in state.sites if not _same(one.name, gone.name))
        )
    )


def make_certificate(host: Host, arguments: Arguments) -> dict[str, object]:
    """Carry out New-SelfSignedCertificate; its key is linked."""
    _require_elevation(host)
    names = arguments["names"]
    listed = [str(one) for one in names] if isinstance(names, list) else [str(names)]
    now = host.now().astimezone(UTC).replace(microsecond=0)
    made = stored(self_signed(listed, now, now + VALIDITY), str(arguments["store"]))
    host.change(lambda state: replace(state, certificates=(*state.certificates, made)))
    return {
        "thumbprint": made.thumbprint,
        "der": made.der,
        "friendly_name": "",
        "has_private_key": True,
    }


def archive_certificate(host: Host, arguments: Arguments) -> None:
    """Set or clear the mark that hides a certificate."""
    archived = bool(arguments["archived"])
    _replace(host, arguments, lambda one: (replace(one, archived=archived),))


def remove_certificate(host: Host, arguments: Arguments) -> None:
    """Take a certificate out of its store, its key included."""
    _replace(host, arguments, lambda _: ())


def _replace(
    host: Host,
    arguments: Arguments,
    make: Callable[[StoredCertificate], tuple[StoredCertificate, ...]],
) -> None:
    _require_elevation(host)
    store, thumbprint = str(arguments["store"]), str(arguments["thumbprint"])
    if find(host.state.certificates, store, thumbprint) is None:
        path = f"Cert:\\LocalMachine\\{store}\\{thumbprint}"
        raise system_errors.path_fault(path, "RemoveItemCommand", german=host.state.german)

    def change(state: HostState) -> HostState:
        kept: list[StoredCertificate] = []
        for one in state.certificates:
            same = one.thumbprint == thumbprint.upper() and same_store(one.store, store)
            kept += make(one) if same else (one,)
        return replace(state, certificates=tuple(kept))

    host.change(change)


def _information(arguments: Arguments) -> str:
    words = [str(arguments.get(name) or "") for name in ("ip", "port", "host")]
    text = f"{words[0] or '*'}:{words[1]}:{words[2]}"
    split_information(text)
    return text


def _site(state: HostState, name: str) -> Site:
    for site in state.sites:
        if _same(site.name, name):
            return site
    raise system_errors.system_fault(system_errors.ELEMENT_NOT_FOUND, german=state.german)


def _put(state: HostState, site: Site) -> HostState:
    sites = tuple(site if one.id == site.id else one for one in state.sites)
    return replace(state, sites=sites)


def _same(one: str, other: str) -> bool:
    return folded(one) == folded(other)


def _require_elevation(host: Host) -> None:
    if not host.state.facts.administers:
        raise system_errors.system_fault(system_errors.ACCESS_DENIED, german=host.state.german)


COMMANDS: Mapping[str, Callable[[Host, Arguments], object]] = {
    "iis.add_site": add_site,
    "iis.add_binding": add_binding,
    "iis.remove_site": remove_site,
    "pki.self_signed": make_certificate,
    "store.archive": archive_certificate,
    "store.remove": remove_certificate,
}
