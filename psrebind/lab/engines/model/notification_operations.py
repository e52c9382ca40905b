"""What the operations on certificate notification tasks find and do, without PowerShell.

The twin of their templates, as ``story_operations`` is of the rebind task's.
"""

from __future__ import annotations

from collections.abc import Iterator

from psrebind.lab.engines.model.event_operations import log_of
from psrebind.lab.engines.model.operations import Operation, Refused, native
from psrebind.lab.engines.model.registry_operations import Row
from psrebind.lab.engines.model.script import Asked
from psrebind.lab.engines.model.story_operations import (
    autoenrollment,
    found_task,
    place_of,
    shared_templates,
)
from psrebind.lab.windows import files
from psrebind.lab.windows.host import Host

SCRIPT = f"{files.ROOT}\\rebind.ps1"
_WORDS = "-OldCertHash $(OldCertHash) -NewCertHash $(NewCertHash)"


def _register(host: Host, asked: Asked) -> Iterator[Row]:
    name, handler = asked.value("channel"), asked.value("handler")
    log = log_of(host, name)
    if log is None:
        raise Refused(f"There is no log {name} on this Windows.")
    before, shared = _state(host, asked), shared_templates(host, asked)
    enrolls = autoenrollment(host)
    done = _runs(before) and before["handler"] == handler and log["enabled"]
    skipped = bool(shared) and enrolls and not asked.value("force") and not done
    if not skipped:
        if not log["enabled"]:
            native(host, r"C:\Windows\System32\wevtutil.exe", "sl", name, "/e:true")
        _converge(host, asked, before)
    after, now = _state(host, asked), log_of(host, name)
    on = bool(now and now["enabled"])
    if not skipped:
        _check(asked, after, on=on)
    yield {
        "before": before,
        "after": after,
        "enabled_before": log["enabled"],
        "enabled_after": on,
        "policy": host.facts.system_policy,
        "shared": shared,
        "autoenrollment": enrolls,
        "skipped": skipped,
        "changed": not skipped and not done,
    }


def _converge(host: Host, asked: Asked, before: Row) -> None:
    if before["handler"] != asked.value("handler"):
        host.call("files.create_folder", {"path": files.ROOT, "again": True})
        host.call("files.write", {"path": SCRIPT, "text": asked.value("handler")})
    if not _runs(before):
        name = asked.value("task_name")
        if before["state"]:
            host.call("pki.remove_notification_task", {"name": name})
        task = {"type": "Replace", "channel": "System", "script": SCRIPT, "name": name}
        host.call("pki.add_notification_task", task)


def _check(asked: Asked, after: Row, *, on: bool) -> None:
    if not on:
        raise Refused(f"The log {asked.value('channel')} is still off; wevtutil ended with 0.")
    if after["handler"] != asked.value("handler"):
        raise Refused(f"The script {SCRIPT} is not as it was written.")
    if not _runs(after):
        task = f"{asked.value('task_path')}{asked.value('task_name')}"
        raise Refused(f"The task {task} is not as it was registered: {after['arguments'] or ''}")


def _look(host: Host, asked: Asked) -> Iterator[Row]:
    yield _state(host, asked)


def _unregister(host: Host, asked: Asked) -> Iterator[Row]:
    before = _state(host, asked)
    if before["state"]:
        host.call("pki.remove_notification_task", {"name": asked.value("task_name")})
    if before["handler"] is not None:
        host.call("files.remove", {"path": SCRIPT})
    after = _state(host, asked)
    if after["state"]:
        task = f"{asked.value('task_path')}{asked.value('task_name')}"
        raise Refused(f"The task {task} is still there.")
    if after["handler"] is not None:
        raise Refused(f"The script {SCRIPT} is still there.")
    there = before["state"] is not None or before["handler"] is not None
    yield {"before": before, "after": after, "changed": there}


def _state(host: Host, asked: Asked) -> Row:
    found: Row = {"script": SCRIPT, "handler": None, "state": None}
    found |= {"arguments": None, "waiting": False}
    if host.call("files.exists", {"path": SCRIPT}) == "file":
        found["handler"] = host.call("files.read", {"path": SCRIPT})
    if task := found_task(host, place_of(asked)):
        channel = asked.value("channel").casefold()
        enabled = [one for one in task["triggers"] if one["enabled"]]
        texts = [(one["subscription"] or "").casefold() for one in enabled]
        found["state"] = task["state"]
        found["arguments"] = task["actions"][0]["arguments"] if task["actions"] else ""
        found["waiting"] = any("1001" in text.partition(channel)[2] for text in texts)
    return found


def _runs(found: Row) -> bool:
    arguments = (found["arguments"] or "").casefold()
    return bool(
        found["state"]
        and found["state"] != "Disabled"
        and found["waiting"]
        and f'-file "{SCRIPT}"'.casefold() in arguments
        and _WORDS.casefold() in arguments
    )


NOTIFICATIONS: dict[str, Operation] = {
    "get_rebind_notification": _look,
    "register_rebind_notification": _register,
    "unregister_rebind_notification": _unregister,
}
