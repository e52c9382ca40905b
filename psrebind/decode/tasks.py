"""The scheduled task that IIS Manager makes for certificate rebind, and its canonical form.

Windows normalises what is registered (field notes A5), so tasks are compared as flat paths with
values. The walk is a plain recursion over tables, since a PowerShell function on the host does the
same with the same tables:

1. an attribute is ``path/@name``, but for ``xmlns`` and ``name``; a leaf is ``path`` with its
   trimmed text; a leaf that begins with ``<`` is read as XML and walked on;
2. a child's path is its parent's plus ``/`` and its local name; with an attribute ``name`` it is
   ``Value[OldCertHash]``, the second of one name ``EventTrigger[2]``; the root's path is empty;
3. ``SAME["path=value"]`` replaces a value; ``true`` and ``false`` become lower case; dropped is
   what is empty, equals ``DEFAULTS[path]``, or lies at or below a path of ``IGNORED``.

Table look-ups are without case, as in a PowerShell hashtable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.trees import Node, parse_xml, shown
from psrebind.errors import DecodeError

TASK_PATH = "\\Microsoft\\Windows\\CertificateServicesClient\\"
TASK_NAME = "IIS-AutoCertRebind"

_WANTED = rf"""
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <URI>{TASK_PATH}{TASK_NAME}</URI>
  </RegistrationInfo>
  <Triggers>
    <EventTrigger>
      <Enabled>true</Enabled>
      <Subscription>&lt;QueryList&gt;&lt;Query Id='0'&gt;&lt;Select Path='{SYSTEM_CHANNEL}'&gt;
      *[System[EventID=1001]]&lt;/Select&gt;&lt;/Query&gt;&lt;/QueryList&gt;</Subscription>
      <ValueQueries>
        <Value name="NewCertHash">
        Event/UserData/CertNotificationData/NewCertificateDetails/@Thumbprint</Value>
        <Value name="OldCertHash">
        Event/UserData/CertNotificationData/OldCertificateDetails/@Thumbprint</Value>
      </ValueQueries>
    </EventTrigger>
  </Triggers>
  <Principals>
    <Principal id="System">
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
      <LogonType>InteractiveToken</LogonType>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>Queue</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>true</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>false</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>true</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT10M</Interval>
      <Count>3</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="System">
    <Exec>
      <Command>%SystemRoot%\System32\inetsrv\appcmd.exe</Command>
      <Arguments>renew binding /oldcert:$(OldCertHash) /newcert:$(NewCertHash)</Arguments>
    </Exec>
  </Actions>
</Task>
"""

_TRIGGER = "Triggers/EventTrigger"
_PRINCIPAL = "Principals/Principal"
_COMMAND = r"%SystemRoot%\System32\inetsrv\appcmd.exe"

# The task schema's own defaults (learn.microsoft.com, task-scheduler schema, settingsType): Windows
# may write them out or leave them away. LogonType has none in the schema; for S-1-5-18 its absence
# means what InteractiveToken and ServiceAccount mean.
DEFAULTS: dict[str, str] = {
    f"{_TRIGGER}/Enabled": "true",
    f"{_TRIGGER}/Delay": "PT0S",
    f"{_PRINCIPAL}/LogonType": "InteractiveToken",
    f"{_PRINCIPAL}/RunLevel": "LeastPrivilege",
    "Settings/AllowHardTerminate": "true",
    "Settings/AllowStartOnDemand": "true",
    "Settings/DeleteExpiredTaskAfter": "PT0S",
    "Settings/DisallowStartIfOnBatteries": "true",
    "Settings/DisallowStartOnRemoteAppSession": "false",
    "Settings/Enabled": "true",
    "Settings/ExecutionTimeLimit": "PT72H",
    "Settings/Hidden": "false",
    "Settings/IdleSettings/Duration": "PT10M",
    "Settings/IdleSettings/RestartOnIdle": "false",
    "Settings/IdleSettings/StopOnIdleEnd": "true",
    "Settings/IdleSettings/WaitTimeout": "PT1H",
    "Settings/MultipleInstancesPolicy": "IgnoreNew",
    "Settings/Priority": "7",
    "Settings/RunOnlyIfIdle": "false",
    "Settings/RunOnlyIfNetworkAvailable": "false",
    "Settings/StartWhenAvailable": "false",
    "Settings/StopIfGoingOnBatteries": "true",
    "Settings/Volatile": "false",
    "Settings/WakeToRun": "false",
}
# Who wrote the task, when and for which schema, which of the two engines of Windows runs it, and
# what a Select with a channel of its own overrides: none of it changes what the task does.
IGNORED: list[str] = [
    "@version",
    "RegistrationInfo",
    "Settings/UseUnifiedSchedulingEngine",
    f"{_TRIGGER}/Subscription/QueryList/Query/@Id",
    f"{_TRIGGER}/Subscription/QueryList/Query/@Path",
]
# Other spellings of one meaning.
SAME: dict[str, str] = {
    f"{_PRINCIPAL}/LogonType=ServiceAccount": "InteractiveToken",
    f"{_PRINCIPAL}/UserId=SYSTEM": "S-1-5-18",
    f"{_PRINCIPAL}/UserId=LocalSystem": "S-1-5-18",
    f"{_PRINCIPAL}/UserId=NT AUTHORITY\\SYSTEM": "S-1-5-18",
    "Settings/ExecutionTimeLimit=P3D": "PT72H",
    "Settings/ExecutionTimeLimit=PT60M": "PT1H",
    "Settings/ExecutionTimeLimit=PT3600S": "PT1H",
    "Settings/RestartOnFailure/Interval=PT600S": "PT10M",
    f"Actions/Exec/Command={_COMMAND}": _COMMAND,
    f'Actions/Exec/Command="{_COMMAND}"': _COMMAND,
    r"Actions/Exec/Command=%windir%\System32\inetsrv\appcmd.exe": _COMMAND,
}

_DEFAULTS = {path.lower(): value for path, value in DEFAULTS.items()}
_IGNORED = tuple(path.lower() for path in IGNORED)
_SAME = {key.lower(): value for key, value in SAME.items()}


@dataclass(frozen=True)
class Difference:
    """A place in which a task is not what psrebind registers; None for nothing or the default."""

    path: str
    wanted: str | None
    found: str | None

    def __str__(self) -> str:
        return f"{self.path} is {self._words(self.found)}, not {self._words(self.wanted)}"

    def _words(self, value: str | None) -> str:
        if value is not None:
            return f"'{value}'"
        default = DEFAULTS.get(self.path)
        return f"'{default}' (the default)" if default else "absent"


def wanted_xml() -> str:
    """The XML of the task that IIS Manager registers, in ASCII and on one line (notes A5)."""
    return "".join(line.strip() for line in _WANTED.splitlines())


def canonical(xml: str | bytes) -> dict[str, str]:
    """What a task says, as path → value, free of order, defaults and spelling."""
    root = parse_xml(xml)
    if root.name != "Task":
        raise DecodeError(f"is not a task: the root is {shown(root.name)}")
    flat: dict[str, str] = {}
    for path, value in _walk(root, ""):
        key = path.lower()
        meaning = _SAME.get(f"{path}={value}".lower(), value)
        if meaning.lower() in ("true", "false"):
            meaning = meaning.lower()
        ignored = any(key == place or key.startswith(f"{place}/") for place in _IGNORED)
        if meaning and not ignored and meaning != _DEFAULTS.get(key):
            flat[path] = meaning
    return dict(sorted(flat.items()))


def differences(xml: str | bytes) -> tuple[Difference, ...]:
    """Every place in which a task is not what psrebind registers, in the order of the paths."""
    wanted, found = canonical(wanted_xml()), canonical(xml)
    return tuple(
        Difference(path, wanted.get(path), found.get(path))
        for path in sorted({*wanted, *found})
        if wanted.get(path) != found.get(path)
    )


def _walk(node: Node, path: str) -> Iterator[tuple[str, str]]:
    inner = parse_query(node.text) if node.text.startswith("<") and not node.children else None
    children = node.children if inner is None else (inner,)
    below = f"{path}/" if path else ""
    for name, value in node.attributes.items():
        if name != "name":
            yield f"{below}@{name}", value.strip()
    if not children:
        yield path, node.text
    seen: Counter[str] = Counter()
    for child in children:
        key = (
            f"{child.name}[{child.attributes['name']}]"
            if "name" in child.attributes
            else child.name
        )
        seen[key] += 1
        yield from _walk(child, f"{below}{key}" + (f"[{seen[key]}]" if seen[key] > 1 else ""))


def parse_query(text: str) -> Node | None:
    """The query of a subscription; None for text that is no XML."""
    try:
        return parse_xml(text)
    except DecodeError:
        return None
