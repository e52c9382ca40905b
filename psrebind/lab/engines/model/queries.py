"""What the queries find on the model of a host: its own values, under the names of their rows."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence

from psrebind.iis_model import IIS_APPLICATION_ID
from psrebind.lab.engines.model.events import found_events, log_of, round_trip_time
from psrebind.lab.engines.model.records import Row, all_records
from psrebind.lab.engines.model.request import Answer, OperationRequest, Refused, native
from psrebind.lab.engines.model.tasks import (
    has_autoenrollment,
    notification_state,
    shared_templates,
    task_place,
)
from psrebind.lab.windows.certificate_stores import blob, same_store
from psrebind.lab.windows.commands import meet_faults
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.iis_configuration import FTP_DEFAULTS, FTP_SITES, HASHES, ROOT
from psrebind.lab.windows.names import folded, same_name

_DISABLED = 4
_IIS = uuid.UUID(IIS_APPLICATION_ID).bytes_le


def _host(host: Host, request: OperationRequest) -> Iterator[Row]:
    meet_faults(host, "registry.key", "registry.exists", "registry.values")
    facts = host.facts
    yield {
        "name": facts.name,
        "domain": facts.domain,
        "windows": facts.os_name,
        "build": str(facts.build),
        "revision": facts.ubr,
        "iis": facts.iis_version and f"Version {facts.iis_version}",
        "elevated": _elevated(host),
        "execution_policy": facts.system_policy,
        "script_block_logging": facts.script_block_logging,
        "modules": sorted(set(request.value("wanted")) & set(facts.modules)),
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


def _certificates(host: Host, request: OperationRequest) -> Iterator[Row]:
    meet_faults(host, "registry.exists", "registry.keys", "registry.values")
    for store in request.value("stores"):
        for one in host.state.certificates:
            if same_store(one.store, store):
                written = blob(one, host.state.assumptions)
                yield {"store": store, "thumbprint": one.thumbprint, "blob": written}


def _bindings(host: Host, request: OperationRequest) -> Iterator[Row | str]:
    # In the template's order: what fails first is what is told.
    sites = [
        one | {"state": "Unknown" if one["state"] is None else one["state"]}
        for one in host.call("iis.sites", {})
    ]
    bindings = host.call("iis.bindings", {"protocol": "https"})
    records = all_records(host)
    foreign = any(one["binary"].get("AppId") != _IIS for one in records)
    services = {folded(name): start for name, start in host.facts.services.items()}
    legacy = yield from _configured(host, (HASHES,), "customMetadata")
    has_ftp = folded("ftpsvc") in services
    wanted = (FTP_SITES, FTP_DEFAULTS) if has_ftp else ()
    ftp = yield from _configured(host, wanted, "The certificates of FTP")
    ftp_bindings = host.call("iis.bindings", {"protocol": "ftp"}) if has_ftp else []
    yield {
        "sites": sites,
        "bindings": [_named_binding(one) | {"flags": one["sslFlags"]} for one in bindings],
        "records": records,
        "legacy": [{"path": one["ItemXPath"], "value": one["value"]} for one in legacy],
        "ftp": [
            {
                "path": one["ItemXPath"],
                "thumbprint": one["serverCertHash"],
                "store": one["serverCertStoreName"],
            }
            for one in ftp
            if one["serverCertHash"]
        ],
        "ftp_bindings": [_named_binding(one) for one in ftp_bindings],
        "services": [
            name
            for name in request.value("services")
            if foreign and services.get(folded(name), _DISABLED) != _DISABLED
        ],
    }


def _named_binding(found: Row) -> Row:
    return {"path": found["ItemXPath"], "information": found["bindingInformation"]}


def _configured(host: Host, filters: Sequence[str], what: str) -> Generator[str, None, list[Row]]:
    """Return the elements at some filters; a warning, and none, where they cannot be read."""
    found: list[Row] = []
    for wanted in filters:
        try:
            found += host.call("iis.configuration", {"filter": wanted, "path": ROOT})
        except HostFault as fault:
            yield f"{what} cannot be read: {fault}"
            return found
    return found


def _events(host: Host, request: OperationRequest) -> Iterator[Row | str]:
    query, newest = request.value("query"), request.value("newest")
    for name in request.value("channels"):
        log = log_of(host, name)
        row: Row = {"channel": name, "enabled": None, "records": None, "oldest": None}
        row |= {"events": [], "console": False}
        if log:
            row |= {"enabled": log["enabled"], "records": log["count"]}
            row["oldest"] = log["oldest_time"] and round_trip_time(log["oldest_time"])
            try:
                found = found_events(host, name, query, newest)
                row["events"] = [event["xml"] for event in found]
                if found and host.facts.language_mode != "FullLanguage":
                    row |= {"console": True, "events": _printed(host, name, query, newest)}
                if errors := [event["error"] for event in found if event["error"]]:
                    yield (
                        f"Windows could not read or show {len(errors)} of the events of {name}; "
                        f"those that it gave are here. The first error: {errors[0]}"
                    )
            except HostFault as fault:
                if log["enabled"]:
                    raise
                yield f"{name} is off and cannot be read: {fault.message}"
        yield row


def _printed(host: Host, log: str, query: str, newest: int) -> list[str]:
    words = (f"/q:{query}", "/f:xml", f"/c:{newest}", "/rd:true")
    printed = native(host, r"C:\Windows\System32\wevtutil.exe", "qe", log, *words)
    if printed["exit"]:
        raise Refused(f"wevtutil ended with {printed['exit']} for {log}.")
    return list(printed["output"])


def _task(host: Host, request: OperationRequest) -> Iterator[Row | str]:
    wanted, channel = "".join(task_place(request).values()), request.value("channel").casefold()
    places = [folded(one) for one in request.value("places")]
    log = log_of(host, request.value("channel"))
    tasks = []
    for one in host.call("tasks.list", {"path": None, "name": None}):
        if "error" in one:
            yield f"A task of the host cannot be read: {one['error']['message']}"
            continue
        name = one["path"] + one["name"]
        waits = any(channel in (each["subscription"] or "").casefold() for each in one["triggers"])
        if waits or folded(name) in places:
            try:
                tasks.append(_task_row(host, one))
            except HostFault as fault:
                if same_name(name, wanted):
                    raise
                yield f"The task {name} cannot be read: {fault.message}"
    yield {
        "enabled": log and log["enabled"],
        "tasks": tasks,
        "shared": shared_templates(host),
        "autoenrollment": has_autoenrollment(host),
    }


def _task_row(host: Host, task: Row) -> Row:
    place = {"path": task["path"], "name": task["name"]}
    info = host.call("tasks.info", place)
    return place | {
        "state": task["state"],
        "xml": host.call("tasks.export", place),
        "last_run": info["last_run"] and round_trip_time(info["last_run"]),
        "last_result": info["last_result"],
    }


def _notification(host: Host, request: OperationRequest) -> Iterator[Row]:
    yield notification_state(host, request)


QUERIES: Mapping[str, Answer] = {
    "get_host": _host,
    "get_certificate": _certificates,
    "get_iis_binding": _bindings,
    "get_lifecycle_event": _events,
    "get_rebind_task": _task,
    "get_rebind_notification": _notification,
}
