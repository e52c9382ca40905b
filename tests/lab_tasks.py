"""What tests of the lab's events and tasks share: a host with a rebind task, and its traces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab_hosts import bind, host, issue, site

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, wanted_xml
from psrebind.lab.windows.certificate_authority import Authority
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.event_channels import Event
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.state import HostState

PLACE = {"path": TASK_PATH, "name": TASK_NAME}


def authority(folder: Path) -> Authority:
    """Return the CA of a test's folder."""
    return Authority.load_or_create(folder / "authority")


def bound_host(folder: Path, **fields: Any) -> tuple[Host, StoredCertificate]:
    """Return a host with one certificate of a template, bound to one SNI site."""
    certificate = replace(issue(folder), template="WebServer")
    sites = (site("*:8443:www.example", 1),)
    where = host(folder, sites=sites, certificates=(certificate,), **fields)
    bind(where, certificate)
    return where, certificate


def register(
    where: Host, xml: str = wanted_xml(), *, name: str = TASK_NAME, force: bool = False
) -> Any:
    """Register a task, by default the one of IIS Manager."""
    given = {"path": TASK_PATH, "name": name, "xml": xml, "force": force}
    return where.call("tasks.register", given)


def events(where: Host, xpath: str | None = None, **more: Any) -> list[dict[str, Any]]:
    """Return the System channel's events, newest first."""
    found: list[dict[str, Any]] = where.call(
        "eventlog.query", {"log": SYSTEM_CHANNEL, "xpath": xpath, **more}
    )
    return found


def hashes(where: Host) -> list[str]:
    """Return the thumbprints of all bindings."""
    return [one["certificateHash"] for one in where.call("iis.bindings", {})]


def last_run(where: Host, name: str = TASK_NAME) -> tuple[str, int]:
    """Return when a task ran last and its result."""
    found = where.call("tasks.info", {"path": TASK_PATH, "name": name})
    return found["last_run"], found["last_result"]


def rewrite_events(where: Host, change: Callable[[Event], Iterable[Event]]) -> None:
    """Let each event of the System channel become others, behind the log's back."""

    def changed(state: HostState) -> HostState:
        channels = (
            replace(one, events=tuple(new for old in one.events for new in change(old)))
            if one.name == SYSTEM_CHANNEL
            else one
            for one in state.channels
        )
        return replace(state, channels=tuple(channels))

    where.change(changed)


def spoil_events(where: Host) -> None:
    """Let every event 1001 have an id that a log still finds and nobody can read."""
    old, new = "<EventID>1001</EventID>", f"<EventID>{1001:030}</EventID>"
    rewrite_events(where, lambda one: [replace(one, xml=one.xml.replace(old, new))])


def edit(*changes: Callable[[str], str] | Sequence[str]) -> str:
    """Return the task of IIS Manager with texts in it replaced."""
    xml = wanted_xml()
    for change in changes:
        xml = change(xml) if callable(change) else xml.replace(change[0], change[1])
    return xml
