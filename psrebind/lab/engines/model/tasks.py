"""Scheduled tasks as the templates read them, and what makes a rebind task dangerous."""

from __future__ import annotations

from collections import defaultdict

from cryptography import x509

from psrebind.decode.tasks import canonical
from psrebind.lab.engines.model.records import Row, all_records
from psrebind.lab.engines.model.request import OperationRequest
from psrebind.lab.windows import files
from psrebind.lab.windows.certificate_authority import TEMPLATE_NAME
from psrebind.lab.windows.certificate_stores import same_store
from psrebind.lab.windows.commands import meet_faults
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault

SCRIPT = f"{files.ROOT}\\rebind.ps1"


def task_place(request: OperationRequest) -> Row:
    """Return path and name of the task that an operation is about."""
    return {"path": request.value("task_path"), "name": request.value("task_name")}


def find_task(host: Host, place: Row) -> Row | None:
    """Return the task at a place as Get-ScheduledTask shows it, None where there is none."""
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


def task_xml(host: Host, place: Row) -> str | None:
    """Return the XML of the task at a place."""
    return str(host.call("tasks.export", place)) if find_task(host, place) else None


def task_form(xml: str | None) -> set[str]:
    """Return what a task says, free of spelling."""
    return {f"{path}={value}" for path, value in canonical(xml).items()} if xml else set()


def notification_state(host: Host, request: OperationRequest) -> Row:
    """Return the state of the notification task and its script."""
    found: Row = {"script": SCRIPT, "handler": None, "state": None}
    found |= {"arguments": None, "waiting": False}
    if host.call("files.exists", {"path": SCRIPT}) == "file":
        found["handler"] = host.call("files.read", {"path": SCRIPT})
    if task := find_task(host, task_place(request)):
        channel = request.value("channel").casefold()
        enabled = [one for one in task["triggers"] if one["enabled"]]
        queries = [(one["subscription"] or "").casefold() for one in enabled]
        found["state"] = task["state"]
        found["arguments"] = task["actions"][0]["arguments"] if task["actions"] else ""
        found["waiting"] = any("1001" in query.partition(channel)[2] for query in queries)
    return found


def has_autoenrollment(host: Host) -> bool:
    """Tell whether the host's policy lets autoenrollment renew certificates."""
    meet_faults(host, "registry.key", "registry.values")
    policy = host.facts.autoenrollment
    return policy is not None and not policy & 0x8000


def shared_templates(host: Host) -> list[list[str]]:
    """Return the bound certificates of My that have their template in common, by template."""
    bound = {record["thumbprint"] for record in all_records(host)}
    meet_faults(host, "store.certificates")
    groups: dict[str, list[str]] = defaultdict(list)
    for one in host.state.certificates:
        is_mine = same_store(one.store, "My") and not one.archived and one.thumbprint in bound
        if is_mine and (template := _template(one.parsed)):
            groups[template].append(one.thumbprint)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def _template(certificate: x509.Certificate) -> str | None:
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.MSCertificateTemplate):
            return value.template_id.dotted_string
        if isinstance(value, x509.UnrecognizedExtension) and value.oid == TEMPLATE_NAME:
            return value.value.hex()
    return None
