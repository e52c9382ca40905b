"""The PKI module's certificate notifications: Switch-Certificate and its tasks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from xml.sax.saxutils import escape

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.lab.windows import certificate_events, scheduled_tasks, system_errors, task_xml
from psrebind.lab.windows.certificate_stores import StoredCertificate, find, same_store
from psrebind.lab.windows.event_xml import EventSource
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.state import HostState
from psrebind.lab.windows.task_scheduler import find_task
from psrebind.lab.windows.task_xml import RegisteredTask

Arguments = Mapping[str, object]

FOLDER = "\\Microsoft\\Windows\\CertificateServicesClient\\Notification\\"
POWERSHELL = "%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
EVENTS = {"Replace": (1001,), "Expire": (1002, 1003)}
CHANNELS = {"System": SYSTEM_CHANNEL, "User": USER_CHANNEL}
ACCOUNTS = {"System": "<UserId>S-1-5-18</UserId>", "User": "<GroupId>S-1-5-32-545</GroupId>"}
_PATH = re.compile(
    r"cert:\\+LocalMachine\\+(?P<store>\w+)\\+(?P<thumbprint>[0-9a-f]{40})", re.IGNORECASE
)
_SCRIPT = re.compile(r'-File "([^"]*)"')


def switch(host: Host, arguments: Arguments) -> None:
    """Say that one certificate replaces another, and link them unless it shall only be said."""
    host.require_administrator()
    old, new = (_certificate(host, str(arguments[word])) for word in ("old", "new"))
    if not arguments.get("notify_only"):
        host.change(lambda state: with_renewal_link(state, old, new.thumbprint))
    source = EventSource(
        process="powershell.exe", account=f"{host.facts.name.upper()}\\{host.facts.user}"
    )
    certificate_events.write(
        host, certificate_events.replaced(old, new, source=source, action="replace")
    )


def with_renewal_link(state: HostState, old: StoredCertificate, new: str) -> HostState:
    """Return the state with the renewal link of one certificate set."""

    def link(one: StoredCertificate) -> StoredCertificate:
        same = one.thumbprint == old.thumbprint and same_store(one.store, old.store)
        return replace(one, renewed_by=new) if same else one

    return replace(state, certificates=tuple(map(link, state.certificates)))


def notification_tasks(host: Host, _: Arguments) -> list[dict[str, object]]:
    """Return what Get-CertificateNotificationTask shows."""
    return [_described(task) for task in host.state.tasks if task.path == FOLDER]


def add_notification_task(host: Host, arguments: Arguments) -> dict[str, object]:
    """Register a task that runs a script when certificates are replaced or expire."""
    name, script = str(arguments["name"]), str(arguments["script"])
    scheduled_tasks.register(
        host,
        {
            "path": FOLDER,
            "name": name,
            "xml": _task(str(arguments["type"]), str(arguments["channel"]), script),
        },
    )
    task = find_task(host.state.tasks, FOLDER, name)
    assert task is not None
    return _described(task)


def remove_notification_task(host: Host, arguments: Arguments) -> None:
    """Take such a task away."""
    scheduled_tasks.unregister(host, {"path": FOLDER, "name": arguments["name"]})


def _certificate(host: Host, path: str) -> StoredCertificate:
    match = _PATH.search(path)
    found = match and find(host.state.certificates, match["store"], match["thumbprint"])
    if found and host.state.assumptions.switch_certificate_needs_my:
        found = found if same_store(found.store, "My") else None
    if not found:
        raise system_errors.path_fault(path, "GetItemCommand", german=host.state.german)
    return found


def _described(task: RegisteredTask) -> dict[str, object]:
    root = task_xml.parse(task.xml)
    ((_, arguments),) = task_xml.programs_of(root)
    (trigger,) = task_xml.event_triggers(root)
    script = _SCRIPT.search(arguments)
    return {
        "name": task.name,
        "type": "Replace" if "EventID=1001" in trigger.subscription else "Expire",
        "channel": "User" if USER_CHANNEL in trigger.subscription else "System",
        "script": script[1] if script else "",
    }


def _task(kind: str, channel: str, script: str) -> str:
    kind, channel = kind.capitalize(), channel.capitalize()
    wanted = " or ".join(f"EventID={number}" for number in EVENTS[kind])
    query = (
        f"<QueryList><Query Id='0'><Select Path='{CHANNELS[channel]}'>"
        f"*[System[{wanted}]]</Select></Query></QueryList>"
    )
    data = "Event/UserData/CertNotificationData"
    values: dict[str, str] = {}
    if kind == "Replace":
        values["OldCertHash"] = f"{data}/OldCertificateDetails/@Thumbprint"
        values["NewCertHash"] = f"{data}/NewCertificateDetails/@Thumbprint"
    else:
        values["OldCertHash"] = f"{data}/CertificateDetails/@Thumbprint"
    values["EventRecordId"] = "Event/System/EventRecordID"
    given = "".join(f'<Value name="{name}">{path}</Value>' for name, path in values.items())
    words = [f'-NonInteractive -File "{script}"', *(f"-{name} $({name})" for name in values)]
    account = ACCOUNTS[channel]
    return (
        f'<Task version="1.2" xmlns="{task_xml.NAMESPACE}"><Triggers><EventTrigger>'
        f"<Enabled>true</Enabled><Subscription>{escape(query)}</Subscription>"
        f"<ValueQueries>{given}</ValueQueries></EventTrigger></Triggers>"
        f'<Principals><Principal id="EventSource">{account}</Principal></Principals>'
        "<Settings><MultipleInstancesPolicy>Queue</MultipleInstancesPolicy></Settings>"
        f'<Actions Context="EventSource"><Exec><Command>{POWERSHELL}</Command>'
        f"<Arguments>{escape(' '.join(words))}</Arguments></Exec></Actions></Task>"
    )


COMMANDS: Mapping[str, Callable[[Host, Arguments], object]] = {
    "pki.switch": switch,
    "pki.notification_tasks": notification_tasks,
    "pki.add_notification_task": add_notification_task,
    "pki.remove_notification_task": remove_notification_task,
}
