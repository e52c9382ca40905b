"""One host as a person would want to see it drawn, as plain data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psrebind.decode.tasks import TASK_NAME, TASK_PATH, differences
from psrebind.errors import DecodeError
from psrebind.lab.windows import iis, scheduled_tasks
from psrebind.lab.windows.certificate_stores import StoredCertificate, find
from psrebind.lab.windows.event_channels import Channel, Event
from psrebind.lab.windows.event_values import text
from psrebind.lab.windows.event_xpath import parse_event
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import CENTRAL_STORE
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.persistence import encode
from psrebind.lab.windows.state import Binding, HostState, Site
from psrebind.lab.windows.task_xml import RegisteredTask

Row = dict[str, Any]
SHOWN_EVENTS = 5


def overview(host: Host) -> Row:
    """Return bindings, tasks, channels and certificates of a host as JSON."""
    state, now = host.state, host.now()
    places = [state.record_of(binding) for _, binding in state.https_bindings]
    bound = {one.thumbprint for one in state.records}
    rows: Row = {
        "host": host.identifier,
        "windows": state.facts.os_name,
        "culture": state.facts.ui_culture,
        "bindings": [_binding(state, now, site, binding) for site, binding in state.https_bindings],
        "strays": [
            {
                "record": f"{one.kind}={one.key}",
                "thumbprint": one.thumbprint,
                "application": one.appid,
            }
            for one in state.records
            if one not in places
        ],
        "tasks": [_task(host, one) for one in state.tasks],
        "channels": [_channel(one) for one in state.channels],
        "certificates": [
            {
                "store": one.store,
                "template": one.template,
                "bound": one.thumbprint in bound,
                **_certificate(one, now),
            }
            for one in sorted(state.certificates, key=lambda one: (one.store, one.not_after))
        ],
    }
    return rows


def _binding(state: HostState, now: datetime, site: Site, binding: Binding) -> Row:
    shown = iis.describe(state, site, binding)
    store = str(shown["certificateStoreName"])
    found = find(state.certificates, store, str(shown["certificateHash"]))
    return {
        "site": site.name,
        "binding": binding.information,
        "flags": binding.flags,
        "store": "CCS" if binding.flags & CENTRAL_STORE else store,
        "thumbprint": shown["certificateHash"],
        "certificate": _certificate(found, now) if found else None,
    }


def _differences(task: RegisteredTask) -> list[str]:
    """What of the rebind task is not as IIS Manager makes it; other tasks have no such form."""
    if folded(task.path + task.name) != folded(f"{TASK_PATH}{TASK_NAME}"):
        return []
    try:
        return [str(one) for one in differences(task.xml)]
    except DecodeError as error:
        return [error.reason]


def _certificate(certificate: StoredCertificate, now: datetime) -> Row:
    return {
        "thumbprint": certificate.thumbprint,
        "names": list(certificate.names),
        "days_left": (certificate.not_after - now).days,
        "archived": certificate.archived,
        "has_private_key": certificate.key_linked and certificate.key is not None,
        "renewed_by": certificate.renewed_by,
    }


def _task(host: Host, task: RegisteredTask) -> Row:
    shown = scheduled_tasks.describe(host, task)
    last = task.runs[-1] if task.runs else None
    return {
        "name": task.path + task.name,
        "state": shown["state"],
        "differences": _differences(task),
        "last_run": encode(last.time) if last else None,
        "last_result": last.result if last else None,
        "last_line": last.line if last else None,
        "last_record": last.record_id if last else None,
        "last_output": list(last.output) if last else [],
    }


def _channel(channel: Channel) -> Row:
    return {
        "name": channel.name,
        "enabled": channel.enabled,
        "count": len(channel.events),
        "newest": [_event(one) for one in reversed(channel.events[-SHOWN_EVENTS:])],
    }


def _event(event: Event) -> Row:
    data = parse_event(event.xml).find("UserData/CertNotificationData")
    details = [] if data is None else [one for one in data if one.tag != "Action"]
    action = None if data is None else data.find("Action")
    return {
        "record_id": event.record_id,
        "id": event.id,
        "time": encode(event.time),
        "action": None if action is None else text(action),
        "thumbprints": [one.get("Thumbprint", "").upper() for one in details],
    }
