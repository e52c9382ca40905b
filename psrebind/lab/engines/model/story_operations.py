"""What the operations of the rebind task's story find and do on the model, without PowerShell.

The twin of ``operations`` for tasks and notices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cryptography import x509

from psrebind.decode.tasks import canonical
from psrebind.lab.engines.model.event_operations import EVENTS, log_of, utc
from psrebind.lab.engines.model.operations import Operation, Refused, native
from psrebind.lab.engines.model.registry_operations import Row, records, values
from psrebind.lab.engines.model.script import Asked
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.names import folded
from psrebind.lab.windows.persistence import plain

_ENROLLMENT = r"HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\AutoEnrollment"
_TEMPLATE_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2")


def _task(host: Host, asked: Asked) -> Iterator[Row | str]:
    wanted, channel = "".join(place_of(asked).values()), asked.value("channel").casefold()
    places = [folded(one) for one in asked.value("places")]
    log = log_of(host, asked.value("channel"))
    tasks = []
    for one in host.call("tasks.list", {"path": None, "name": None}):
        if "error" in one:
            yield f"A task of the host cannot be read: {one['error']['message']}"
            continue
        place = {"path": one["path"], "name": one["name"]}
        waiting = [t for t in one["triggers"] if channel in (t["subscription"] or "").casefold()]
        name = "".join(place.values())
        if waiting or folded(name) in places:
            try:
                tasks.append(_row(host, place, one["state"]))
            except HostFault as fault:
                if folded(name) == folded(wanted):
                    raise
                yield f"The task {name} cannot be read: {fault.message}"
    yield {
        "enabled": log and log["enabled"],
        "tasks": tasks,
        "shared": shared_templates(host, asked),
        "autoenrollment": autoenrollment(host),
    }


def _row(host: Host, place: Row, state: str) -> Row:
    info = host.call("tasks.info", place)
    row = place | {"state": state, "xml": host.call("tasks.export", place)}
    last = info["last_run"] and utc(info["last_run"])
    return row | {"last_run": last, "last_result": info["last_result"]}


def _register(host: Host, asked: Asked) -> Iterator[Row]:
    place, name = place_of(asked), asked.value("channel")
    log = log_of(host, name)
    if log is None:
        raise Refused(f"There is no log {name} on this Windows.")
    before, shared = _xml(host, place), shared_templates(host, asked)
    enrolls = autoenrollment(host)
    differs = _form(before) != set(asked.value("wanted"))
    done = not differs and log["enabled"]
    skipped = bool(shared) and enrolls and not asked.value("force") and not done
    if not skipped and not log["enabled"]:
        native(host, r"C:\Windows\System32\wevtutil.exe", "sl", name, "/e:true")
    if not skipped and differs:
        host.call("tasks.register", place | {"xml": asked.value("xml"), "force": True})
    after, now = _xml(host, place), log_of(host, name)
    on = bool(now and now["enabled"])
    if not skipped:
        _check(asked, after, on=on)
    yield {
        "before": before,
        "after": after,
        "enabled_before": log["enabled"],
        "enabled_after": on,
        "shared": shared,
        "autoenrollment": enrolls,
        "skipped": skipped,
        "changed": not skipped and (differs or not log["enabled"]),
    }


def _check(asked: Asked, after: str | None, *, on: bool) -> None:
    task = f"{asked.value('task_path')}{asked.value('task_name')}"
    if not on:
        raise Refused(f"The log {asked.value('channel')} is still off; wevtutil ended with 0.")
    if after is None:
        raise Refused(f"The task {task} is not there after registering it.")
    if _form(after) != set(asked.value("wanted")):
        raise Refused(f"The task {task} is not as it was registered: {after}")


def _unregister(host: Host, asked: Asked) -> Iterator[Row]:
    place = place_of(asked)
    before = _xml(host, place)
    if before is not None:
        host.call("tasks.unregister", place)
    after = _xml(host, place)
    if after is not None:
        raise Refused(f"The task {place['path']}{place['name']} is still there.")
    yield {"before": before, "after": after, "changed": before is not None}


def place_of(asked: Asked) -> Row:
    return {"path": asked.value("task_path"), "name": asked.value("task_name")}


def found_task(host: Host, place: Row) -> Row | None:
    """The task at a place as Get-ScheduledTask shows it, None where there is none."""
    try:
        found: list[Row] = host.call("tasks.list", place)
    except HostFault as fault:
        if not fault.error_id.startswith("CmdletizationQuery_NotFound"):
            raise
        return None
    tasks = [one for one in found if "error" not in one]
    if not tasks:
        error = found[0]["error"]
        raise HostFault(
            error["message"],
            error_id=error["error_id"],
            category="ObjectNotFound",
            exception_type="Microsoft.Management.Infrastructure.CimException",
            hresult=error["hresult"],
        )
    return tasks[0]


def _xml(host: Host, place: Row) -> str | None:
    return str(host.call("tasks.export", place)) if found_task(host, place) else None


def _form(xml: str | None) -> set[str]:
    return {f"{path}={value}" for path, value in canonical(xml).items()} if xml else set()


def autoenrollment(host: Host) -> bool:
    policy = values(host, _ENROLLMENT).get("AEPolicy")
    return policy is not None and not policy & 0x8000


def shared_templates(host: Host, asked: Asked) -> list[list[str]]:
    bound = {record["thumbprint"] for record in records(host, asked.memory)}
    groups: dict[str, list[str]] = defaultdict(list)
    for one in plain(host.call("store.certificates", {"store": "My"})):
        key = None if one["archived"] or one["thumbprint"] not in bound else _template(one["der"])
        if key:
            groups[key].append(one["thumbprint"])
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def _template(der: bytes) -> str | None:
    for extension in x509.load_der_x509_certificate(der).extensions:
        value = extension.value
        if isinstance(value, x509.MSCertificateTemplate):
            return value.template_id.dotted_string
        if isinstance(value, x509.UnrecognizedExtension) and value.oid == _TEMPLATE_NAME:
            return value.value.hex()
    return None


STORY: dict[str, Operation] = {
    **EVENTS,
    "get_rebind_task": _task,
    "register_rebind_task": _register,
    "unregister_rebind_task": _unregister,
}
