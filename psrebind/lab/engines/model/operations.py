"""What each operation's script finds and does on the model of a host, without PowerShell.

One function per operation, in the words of its template. Reaches the host by the same commands as
the stubs of the other engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from psrebind.lab.engines.model.registry_operations import Row, keys, values
from psrebind.lab.engines.model.script import Asked
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault

# A text among the rows is a warning.
Operation = Callable[[Host, Asked], Iterator[Row | str]]

_LOGGING = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging"


class Refused(Exception):
    """What a template throws of its own accord; ``told`` is what somebody had to add to it."""

    told = ""


def native(host: Host, program: str, *arguments: str) -> Row:
    found: Row = host.call("native", {"program": program, "arguments": list(arguments)})
    return found


def _host(host: Host, asked: Asked) -> Iterator[Row]:
    windows = values(host, r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
    network = values(host, r"HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters")
    iis = values(host, r"HKLM:\SOFTWARE\Microsoft\InetStp")
    logging = values(host, _LOGGING)
    yield {
        "name": network["Hostname"],
        "domain": network["Domain"],
        "windows": windows["ProductName"],
        "build": windows["CurrentBuildNumber"],
        "revision": windows["UBR"],
        "iis": iis.get("VersionString"),
        "elevated": _elevated(host),
        "execution_policy": host.facts.system_policy,
        "script_block_logging": logging.get("EnableScriptBlockLogging") == 1,
        "modules": sorted(set(asked.value("wanted")) & set(host.facts.modules)),
    }


def _elevated(host: Host) -> bool | None:
    if host.facts.language_mode == "FullLanguage":
        try:
            return bool(host.call("account.role", {}))
        except HostFault:
            return None
    held = native(host, "whoami.exe", "/priv", "/fo", "csv", "/nh")
    wanted = '"SeTakeOwnershipPrivilege"'
    return None if held["exit"] else any(wanted in one for one in held["output"])


def _certificates(host: Host, asked: Asked) -> Iterator[Row]:
    for store in asked.value("stores"):
        path = rf"HKLM:\SOFTWARE\Microsoft\SystemCertificates\{store}\Certificates"
        for key in keys(host, path):
            yield {"store": store, "thumbprint": key.name, "blob": key.values.get("Blob")}


OPERATIONS: dict[str, Operation] = {
    "get_host": _host,
    "get_certificate": _certificates,
}
