"""Ways to break a host, each by its name, as people and other programs would break it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, wanted_xml
from psrebind.errors import InvalidInput
from psrebind.lab.windows import certificate_events
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.event_channels import Channel
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.http_sys import (
    RecordKind,
    find_record,
    put_record,
)
from psrebind.lab.windows.iis_configuration import HASH, legacy_properties, start_mapper
from psrebind.lab.windows.state import HostState
from psrebind.lab.windows.task_scheduler import find_task, put_task
from psrebind.lab.windows.task_xml import RegisteredTask

OTHER_PROGRAM = "{214124cd-d05b-4309-9af9-9caa44b2b74a}"
ROLLED_OVER = 1000


@dataclass(frozen=True, kw_only=True)
class Break:
    """One way to break a host, and what it means in one sentence."""

    sentence: str
    make: Callable[[Host], None]


def breaks() -> dict[str, str]:
    """Return the ways to break a host by name, each with its sentence."""
    return {name: one.sentence for name, one in BREAKS.items()}


def break_host(host: Host, name: str) -> None:
    """Break a host in one way; InvalidInput where there is nothing to break."""
    if name not in BREAKS:
        raise InvalidInput(f"there is no break {name!r}; there are {', '.join(BREAKS)}")
    BREAKS[name].make(host)


def edited_task() -> RegisteredTask:
    """Return the rebind task as somebody left it who meant well: it waits for the wrong event."""
    xml = wanted_xml().replace("EventID=1001", "EventID=1006").replace(">Queue<", ">IgnoreNew<")
    return RegisteredTask(path=TASK_PATH, name=TASK_NAME, xml=xml)


def _take_task(host: Host) -> None:
    _require_task(host)

    def change(state: HostState) -> HostState:
        gone = find_task(state.tasks, TASK_PATH, TASK_NAME)
        return replace(state, tasks=tuple(one for one in state.tasks if one is not gone))

    host.change(change)


def _edit_task(host: Host) -> None:
    _require_task(host)
    host.change(lambda state: replace(state, tasks=put_task(state.tasks, edited_task())))


def _require_task(host: Host) -> None:
    if find_task(host.state.tasks, TASK_PATH, TASK_NAME) is None:
        raise InvalidInput(f"{host.identifier} has no rebind task to break")


def _switch_channel_off(host: Host) -> None:
    _change_channel(host, lambda one: replace(one, enabled=False))


def _change(host: Host, **fields: Any) -> None:
    host.change(lambda state: replace(state, **fields))


def _change_channel(host: Host, make: Callable[[Channel], Channel]) -> None:
    def change(state: HostState) -> HostState:
        channels = (make(one) if one.name == SYSTEM_CHANNEL else one for one in state.channels)
        return replace(state, channels=tuple(channels))

    host.change(change)


def _take_key(host: Host) -> None:
    bound = {one.thumbprint for one in host.state.records}
    waiting = [
        one
        for one in host.state.certificates
        if one.thumbprint not in bound and not one.archived and one.key_linked
    ]
    if not waiting:
        raise InvalidInput(f"{host.identifier} has no certificate that waits to be bound")
    newest = max(waiting, key=lambda one: one.parsed.not_valid_before_utc).thumbprint

    def without_key(one: StoredCertificate) -> StoredCertificate:
        return replace(one, key=None, key_linked=False) if one.thumbprint == newest else one

    host.change(
        lambda state: replace(state, certificates=tuple(map(without_key, state.certificates)))
    )


def _add_stray_record(host: Host) -> None:
    state = host.state
    for _, binding in state.https_bindings:
        bound = state.record_of(binding)
        if bound is None or bound.kind is not RecordKind.HOSTNAMEPORT:
            continue
        place = f"{state.facts.address}:{bound.port}"
        if find_record(state.records, RecordKind.IPPORT, place) is None:
            record = replace(bound, kind=RecordKind.IPPORT, key=place, appid=OTHER_PROGRAM)
            records = put_record(state.records, record)
            # Without this the record would be there and do no harm.
            assumptions = replace(state.assumptions, ip_port_record_shadows_sni=True)
            _change(host, records=records, assumptions=assumptions)
            return
    raise InvalidInput(f"{host.identifier} has no port with host names alone to put a record on")


def _leave_legacy_hash(host: Host) -> None:
    for site, binding in host.state.https_bindings:
        bound = host.state.record_of(binding)
        if bound is not None and bound.thumbprint:
            left = legacy_properties(site.id, bound.thumbprint, bound.store or "MY")
            _change(host, metadata=(*host.state.metadata, *left))
            return
    raise InvalidInput(f"{host.identifier} has no site with a certificate to leave a hash of")


def _start_mapper(host: Host) -> None:
    if not any(one.id == HASH for one in host.state.metadata):
        raise InvalidInput(f"{host.identifier} has no left-over hash: break legacy-hash first")
    host.change(start_mapper)


def _roll_log_over(host: Host) -> None:
    if not host.state.certificates:
        raise InvalidInput(f"{host.identifier} has no certificate that an event could tell of")
    if not all(one.enabled for one in host.state.channels if one.name == SYSTEM_CHANNEL):
        raise InvalidInput(f"the event log of {host.identifier} is off: nothing rolls it over")

    _change_channel(
        host, lambda one: replace(one, events=(), next_record=one.next_record + ROLLED_OVER)
    )
    source = certificate_events.autoenrollment(host)
    certificate_events.write(host, certificate_events.exported(host.state.certificates[0], source))


BREAKS = {
    "task-gone": Break(
        sentence="The rebind task is deleted: the next renewal starts nothing.", make=_take_task
    ),
    "task-edited": Break(
        sentence="Somebody edited the rebind task: it waits for new certificates, not renewals.",
        make=_edit_task,
    ),
    "channel-off": Break(
        sentence="The event channel is off: a renewal leaves no event and starts nothing.",
        make=_switch_channel_off,
    ),
    "key-gone": Break(
        sentence="The newest certificate that waits to be bound has lost its private key.",
        make=_take_key,
    ),
    "stray-record": Break(
        sentence="Another program left a record of the host's address, which beats every name.",
        make=_add_stray_record,
    ),
    "legacy-hash": Break(
        sentence="A program that speaks IIS 6 left the hash of a site's certificate behind.",
        make=_leave_legacy_hash,
    ),
    "mapper-starts": Break(
        sentence="The IIS 6 mapper starts, and binds the certificate of the left-over hash again.",
        make=_start_mapper,
    ),
    "log-rolled-over": Break(
        sentence="The event log has rolled over: older renewals are no longer to be seen in it.",
        make=_roll_log_over,
    ),
}
