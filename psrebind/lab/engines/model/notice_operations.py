"""What the notice of a renewal finds and does, without PowerShell: the twin of its template."""

from __future__ import annotations

import time
from collections.abc import Iterator

from psrebind.lab.engines.model.event_operations import found_events, log_of
from psrebind.lab.engines.model.operations import Operation, Refused
from psrebind.lab.engines.model.registry_operations import Row, children
from psrebind.lab.engines.model.script import Asked
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault

_WITHOUT = "'psrebind rebind' and 'psrebind replay' need no event."


def _notice(host: Host, asked: Asked) -> Iterator[Row]:
    old, new, link = asked.value("old"), asked.value("new"), asked.value("link")
    channel, query, stores = (asked.value(name) for name in ("channel", "query", "stores"))
    places = [_place(host, one, stores) for one in (old, new)]
    log = log_of(host, channel)
    if log is None:
        raise Refused(f"There is no log {channel} on this Windows.")
    last = _last(host, channel, query)
    paths = [_path(*place) for place in places]
    try:
        host.call("pki.switch", {"old": paths[0], "new": paths[1], "notify_only": not link})
    except HostFault as fault:
        outside = [_path(*place) for place in places if place[0] != "My"]
        if not outside:
            raise
        raise Refused(f"Windows cannot be told of {outside[0]}: {fault} {_WITHOUT}") from fault
    record = _last(host, channel, query)
    for _ in range(50):
        if record > last or not log["enabled"]:
            break
        time.sleep(0.3)
        record = _last(host, channel, query)
    if log["enabled"] and record <= last:
        raise Refused(f"Switch-Certificate ended without an event 1001 for {paths[0]}.")
    found = {"old_store": places[0][0], "new_store": places[1][0]}
    yield found | {
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
        key = rf"HKLM:\SOFTWARE\Microsoft\SystemCertificates\{store}\Certificates"
        if thumbprint in children(host, key):
            archived = _path(store, thumbprint)
    if not archived:
        raise Refused(f"There is no certificate {thumbprint} in {' or '.join(stores)}.")
    raise Refused(
        f"The certificate {archived} is archived, and Windows does not find it by its path: it "
        f"cannot be told of it. {_WITHOUT}"
    )


def _last(host: Host, channel: str, query: str) -> int:
    found = found_events(host, channel, query, 1)
    return int(found[0]["record_id"]) if found else 0


NOTICES: dict[str, Operation] = {"send_renewal_notice": _notice}
