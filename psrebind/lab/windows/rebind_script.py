"""psrebind's notification script as a task runs it without a PowerShell."""

from __future__ import annotations

import re

from psrebind.lab.windows import files
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.templates import shipped

APPCMD = r"C:\Windows\System32\inetsrv\appcmd.exe"
REFUSING_POLICIES = ("Restricted", "AllSigned")
_SCRIPT = re.compile(r'-File "([^"]*)"', re.IGNORECASE)
_HASHES = re.compile(r"-OldCertHash ([0-9a-f]{40}) -NewCertHash ([0-9a-f]{40})\b", re.IGNORECASE)


def appcmd_line(host: Host, arguments: str) -> tuple[str, str] | None:
    """Return the program and arguments that the script comes down to; None for another script."""
    script, hashes = _SCRIPT.search(arguments), _HASHES.search(arguments)
    if not script or not hashes or host.facts.system_policy in REFUSING_POLICIES:
        return None
    try:
        text = files.read(host, {"path": script[1]})
    except HostFault:
        return None
    if text != shipped("notification_handler.ps1"):
        return None
    return APPCMD, f"renew binding /oldcert:{hashes[1]} /newcert:{hashes[2]}"
