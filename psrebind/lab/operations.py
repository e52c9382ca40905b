"""What each operation's script finds and does on the model of a host, without PowerShell.

One function per operation, in the words of its template. Reaches the host by the same commands as
the stubs of the other engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from psrebind.lab.host import Host
from psrebind.lab.persistence import plain
from psrebind.lab.reading import Asked

Row = dict[str, Any]
# A text among the rows is a warning.
Operation = Callable[[Host, Asked], Iterator[Row | str]]

_HTTP = r"HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters"
_FOLDERS = {
    "ipport": "SslBindingInfo",
    "hostnameport": "SslSniBindingInfo",
    "ccs": "SslCcsBindingInfo",
}


class Refused(Exception):
    """What a template throws of its own accord; ``told`` is what somebody had to add to it."""

    told = ""


def _values(host: Host, path: str) -> Row:
    if not host.call("registry.exists", {"path": path}):
        return {}
    found: Row = plain(host.call("registry.values", {"path": path}))
    return found


def children(host: Host, path: str) -> list[str]:
    if not host.call("registry.exists", {"path": path}):
        return []
    found: list[str] = host.call("registry.children", {"path": path})
    return found


def native(host: Host, program: str, *arguments: str) -> Row:
    found: Row = host.call("native", {"program": program, "arguments": list(arguments)})
    return found


def _host(host: Host, asked: Asked) -> Iterator[Row]:
    windows = _values(host, r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
    network = _values(host, r"HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters")
    groups = native(host, "whoami.exe", "/groups", "/fo", "csv", "/nh")
    high = any("S-1-16-12288" in one or "S-1-16-16384" in one for one in groups["output"])
    yield {
        "name": network["Hostname"],
        "domain": network["Domain"],
        "windows": windows["ProductName"],
        "build": windows["CurrentBuildNumber"],
        "revision": windows["UBR"],
        "iis": _values(host, r"HKLM:\SOFTWARE\Microsoft\InetStp").get("VersionString"),
        "elevated": high if groups["exit"] == 0 else None,
        "execution_policy": host.facts.execution_policy,
        "script_block_logging": host.facts.script_block_logging,
        "modules": sorted(set(asked.value("wanted")) & set(host.facts.modules)),
    }


def _certificates(host: Host, asked: Asked) -> Iterator[Row]:
    for store in asked.value("stores"):
        path = rf"HKLM:\SOFTWARE\Microsoft\SystemCertificates\{store}\Certificates"
        for name in children(host, path):
            blob = _values(host, rf"{path}\{name}").get("Blob")
            yield {"store": store, "thumbprint": name, "blob": blob}


def records(host: Host) -> Iterator[Row]:
    for kind, folder in _FOLDERS.items():
        for name in children(host, rf"{_HTTP}\{folder}"):
            path = rf"{_HTTP}\{folder}\{name}"
            values = _values(host, path)
            values |= {f"{child}\\": "a key" for child in children(host, path)}
            yield as_record(kind, name, values)


def as_record(kind: str, name: str, values: Row) -> Row:
    binary = {key: value for key, value in values.items() if isinstance(value, bytes)}
    held = binary.get("SslCertHash")
    return {
        "kind": kind,
        "endpoint": values.get("HostnamePort") or name,
        "thumbprint": held.hex().upper() if held else None,
        "store": values.get("SslCertStoreName") or "My",
        "binary": binary,
        "values": {key: value for key, value in values.items() if key not in binary},
    }


def record(host: Host, kind: str, endpoint: str) -> Row | None:
    named = (kind, endpoint.casefold())
    return next((r for r in records(host) if (r["kind"], r["endpoint"].casefold()) == named), None)


def _bindings(host: Host, asked: Asked) -> Iterator[Row]:
    yield {
        "sites": [
            one | {"state": "Unknown" if one["state"] is None else one["state"]}
            for one in host.call("iis.sites", {})
        ],
        "bindings": [
            {
                "path": one["ItemXPath"],
                "information": one["bindingInformation"],
                "flags": one["sslFlags"],
            }
            for one in host.call("iis.bindings", {"protocol": "https"})
        ],
        "records": list(records(host)),
    }


OPERATIONS: dict[str, Operation] = {
    "get_host": _host,
    "get_certificate": _certificates,
    "get_iis_binding": _bindings,
}
