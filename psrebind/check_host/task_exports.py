"""Two disabled tasks, one that says everything and one that says little, and how they come back."""

from __future__ import annotations

from collections.abc import Sequence

from psrebind.check_host.operations import TASK
from psrebind.check_host.questions import Answers
from psrebind.decode.tasks import wanted_xml
from psrebind.decode.trees import Node, parse_xml

# Settings that FULL gives at their default and MINIMAL does not give.
DEFAULTED = ("Hidden", "Priority", "RunOnlyIfIdle", "WakeToRun")
# The task of IIS Manager, switched off: no event may start it while it is there.
FULL = wanted_xml().replace("<Enabled>true</Enabled><Hidden>", "<Enabled>false</Enabled><Hidden>")
MINIMAL = (
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
    "<Actions><Exec><Command>%SystemRoot%\\System32\\whoami.exe</Command></Exec></Actions>"
    "<Triggers /><Settings><Enabled>false</Enabled></Settings>"
    "<Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals></Task>"
)


def settle_exports(answers: Answers, full: str, minimal: str) -> None:
    """Settle what registration does to a task's XML."""
    whole, little = parse_xml(full), parse_xml(minimal)
    given = ["Actions", "Triggers", "Settings", "Principals"]
    came = [one.name for one in little.children if one.name in given]
    words = f"given: {', '.join(given)}; exported: {', '.join(came)}"
    answers.settle("task_export_orders_elements", came != _present(given, came), words)
    uri = _text(little, "RegistrationInfo", "URI")
    answers.settle(
        "task_export_adds_uri", (uri or "").strip("\\") == TASK, f"the URI is {uri or 'absent'}"
    )
    kept = [name for name in DEFAULTED if _text(whole, "Settings", name) is not None]
    filled = [name for name in DEFAULTED if _text(little, "Settings", name) is not None]
    _some(answers, "task_export_drops_defaults", [n for n in DEFAULTED if n not in kept], "dropped")
    _some(answers, "task_export_fills_defaults", filled, "filled in")
    logon = _text(whole, "Principals", "Principal", "LogonType")
    because = f"given as InteractiveToken, LogonType is {logon or 'absent'}"
    answers.settle("task_export_drops_system_logon_type", logon is None, because)
    answers.settle("task_export_says_service_account", logon == "ServiceAccount", because)


def _some(answers: Answers, question: str, names: Sequence[str], verb: str) -> None:
    mixed = 0 < len(names) < len(DEFAULTED)
    because = f"{verb}: {', '.join(names) or 'none'} of {', '.join(DEFAULTED)}"
    answers.settle(question, bool(names), because, agrees=False if mixed else None)


def _present(given: Sequence[str], came: Sequence[str]) -> list[str]:
    return [one for one in given if one in came]


def _text(node: Node, *path: str) -> str | None:
    for name in path:
        found = next((one for one in node.children if one.name == name), None)
        if found is None:
            return None
        node = found
    return node.text.strip()
