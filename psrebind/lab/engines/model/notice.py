"""The notice of a renewal, in the words of its template."""

from __future__ import annotations

import time
from collections.abc import Iterator

from psrebind.lab.engines.model.events import found_events, log_of
from psrebind.lab.engines.model.records import Row
from psrebind.lab.engines.model.request import OperationRequest, Refused
from psrebind.lab.windows.certificate_stores import find
from psrebind.lab.windows.commands import meet_faults
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault

_WITHOUT = "'psrebind rebind' and 'psrebind replay' need no event."


def send_notice(host: Host, request: OperationRequest) -> Iterator[Row]:
    """Tell Windows of a renewal, and wait for the event that it writes."""
    stores, link, channel = (request.value(name) for name in ("stores", "link", "channel"))
    old, new = (_place(host, request.value(name), stores) for name in ("old", "new"))
    log = log_of(host, channel)
    if log is None:
        raise Refused(f"There is no log {channel} on this Windows.")
    last = record = _last_record(host, request)
    try:
        paths = {"old": _path(*old), "new": _path(*new)}
        host.call("pki.switch", paths | {"notify_only": not link})
    except HostFault as fault:
        outside = [_path(*place) for place in (old, new) if place[0] != "My"]
        if not outside:
            raise
        raise Refused(f"Windows cannot be told of {outside[0]}: {fault} {_WITHOUT}") from fault
    for attempt in range(51):
        if attempt:
            time.sleep(0.3)
        record = _last_record(host, request)
        if record > last or not log["enabled"]:
            break
    if log["enabled"] and record <= last:
        raise Refused(f"Switch-Certificate ended without an event 1001 for {paths['old']}.")
    yield {
        "old_store": old[0],
        "new_store": new[0],
        "enabled": log["enabled"],
        "record": record if record > last else None,
        "linked": link,
    }


def _path(store: str, thumbprint: str) -> str:
    return rf"Cert:\LocalMachine\{store}\{thumbprint}"


def _place(host: Host, thumbprint: str, stores: list[str]) -> tuple[str, str]:
    archived = ""
    for store in stores:
        if host.call("store.certificates", {"store": store, "thumbprint": thumbprint}):
            return store, thumbprint
        meet_faults(host, "registry.exists", "registry.keys")
        if find(host.state.certificates, store, thumbprint):
            archived = _path(store, thumbprint)
    if not archived:
        raise Refused(f"There is no certificate {thumbprint} in {' or '.join(stores)}.")
    raise Refused(
        f"The certificate {archived} is archived, and Windows does not find it by its path: it "
        f"cannot be told of it. {_WITHOUT}"
    )


def _last_record(host: Host, request: OperationRequest) -> int:
    found = found_events(host, request.value("channel"), request.value("query"), 1)
    return int(found[0]["record_id"]) if found else 0
