"""The changes of the rebind task and of the notification task, in the words of their templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from psrebind.lab.engines.model.events import log_of
from psrebind.lab.engines.model.records import Row
from psrebind.lab.engines.model.request import Answer, OperationRequest, Refused, native
from psrebind.lab.engines.model.tasks import (
    SCRIPT,
    has_autoenrollment,
    notification_state,
    shared_templates,
    task_form,
    task_place,
    task_xml,
)
from psrebind.lab.windows import files
from psrebind.lab.windows.host import Host

State = TypeVar("State")
_WORDS = "-OldCertHash $(OldCertHash) -NewCertHash $(NewCertHash)"


def _register_task(host: Host, request: OperationRequest) -> Iterator[Row]:
    place, wanted = task_place(request), set(request.value("wanted"))

    def register(_: str | None) -> None:
        host.call("tasks.register", place | {"xml": request.value("xml"), "force": True})

    def check(after: str | None) -> None:
        if after is None:
            raise Refused(f"The task {_name(request)} is not there after registering it.")
        if task_form(after) != wanted:
            raise Refused(f"The task {_name(request)} is not as it was registered: {after}")

    yield _registered(
        host,
        request,
        state=lambda: task_xml(host, place),
        is_done=lambda found: task_form(found) == wanted,
        register=register,
        check=check,
    )


def _register_notification(host: Host, request: OperationRequest) -> Iterator[Row]:
    handler, name = request.value("handler"), request.value("task_name")

    def register(before: Row) -> None:
        if before["handler"] != handler:
            host.call("files.create_folder", {"path": files.ROOT, "again": True})
            host.call("files.write", {"path": SCRIPT, "text": handler})
        if not _runs(before):
            if before["state"]:
                host.call("pki.remove_notification_task", {"name": name})
            task = {"type": "Replace", "channel": "System", "script": SCRIPT, "name": name}
            host.call("pki.add_notification_task", task)

    def check(after: Row) -> None:
        if after["handler"] != handler:
            raise Refused(f"The script {SCRIPT} is not as it was written.")
        if not _runs(after):
            found = after["arguments"] or ""
            raise Refused(f"The task {_name(request)} is not as it was registered: {found}")

    row = _registered(
        host,
        request,
        state=lambda: notification_state(host, request),
        is_done=lambda found: _runs(found) and found["handler"] == handler,
        register=register,
        check=check,
    )
    yield row | {"policy": host.facts.system_policy}


def _registered(
    host: Host,
    request: OperationRequest,
    *,
    state: Callable[[], State],
    is_done: Callable[[State], bool],
    register: Callable[[State], None],
    check: Callable[[State], None],
) -> Row:
    """Register a task with its log on, unless a shared template makes that dangerous."""
    channel = request.value("channel")
    log = log_of(host, channel)
    if log is None:
        raise Refused(f"There is no log {channel} on this Windows.")
    before, shared, enrolls = state(), shared_templates(host), has_autoenrollment(host)
    done = is_done(before) and log["enabled"]
    skipped = bool(shared) and enrolls and not request.value("force") and not done
    if not skipped and not log["enabled"]:
        native(host, r"C:\Windows\System32\wevtutil.exe", "sl", channel, "/e:true")
    if not skipped and not is_done(before):
        register(before)
    after, now = state(), log_of(host, channel)
    on = bool(now and now["enabled"])
    if not skipped:
        if not on:
            raise Refused(f"The log {channel} is still off; wevtutil ended with 0.")
        check(after)
    return {
        "before": before,
        "after": after,
        "enabled_before": log["enabled"],
        "enabled_after": on,
        "shared": shared,
        "autoenrollment": enrolls,
        "skipped": skipped,
        "changed": not skipped and not done,
    }


def _unregister_task(host: Host, request: OperationRequest) -> Iterator[Row]:
    place = task_place(request)
    before = task_xml(host, place)
    if before is not None:
        host.call("tasks.unregister", place)
    after = task_xml(host, place)
    if after is not None:
        raise Refused(f"The task {_name(request)} is still there.")
    yield {"before": before, "after": after, "changed": before is not None}


def _unregister_notification(host: Host, request: OperationRequest) -> Iterator[Row]:
    before = notification_state(host, request)
    if before["state"]:
        host.call("pki.remove_notification_task", {"name": request.value("task_name")})
    if before["handler"] is not None:
        host.call("files.remove", {"path": SCRIPT})
    after = notification_state(host, request)
    if after["state"]:
        raise Refused(f"The task {_name(request)} is still there.")
    if after["handler"] is not None:
        raise Refused(f"The script {SCRIPT} is still there.")
    there = before["state"] is not None or before["handler"] is not None
    yield {"before": before, "after": after, "changed": there}


def _runs(found: Row) -> bool:
    arguments = (found["arguments"] or "").casefold()
    return bool(
        found["state"]
        and found["state"] != "Disabled"
        and found["waiting"]
        and f'-file "{SCRIPT}"'.casefold() in arguments
        and _WORDS.casefold() in arguments
    )


def _name(request: OperationRequest) -> str:
    return "".join(task_place(request).values())


TASK_CHANGES: Mapping[str, Answer] = {
    "register_rebind_task": _register_task,
    "unregister_rebind_task": _unregister_task,
    "register_rebind_notification": _register_notification,
    "unregister_rebind_notification": _unregister_notification,
}
