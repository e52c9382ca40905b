"""Scheduled tasks in words: what another task on the same event does, how the last run ended.

A guess is never made: what is not known is shown as the number or the command that it is.
"""

from __future__ import annotations

import re
from datetime import datetime

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.tasks import parse_query
from psrebind.decode.trees import Node, parse_xml, shown

NOTIFICATION_PATH = "\\Microsoft\\Windows\\CertificateServicesClient\\Notification\\"
NOTIFICATION_NAME = "psrebind"

_EQUALS = re.compile(r"EventID\s*+=\s*+(\d{1,9})")
_COMPARES = re.compile(r"EventID\s*+[<>!]")
_POWERSHELL = re.compile(r"(?:powershell|pwsh)(?:\.exe)?\"?\s*\Z", re.IGNORECASE)
_SCRIPT = re.compile(r"-File\s++(\"[^\"]*+\"|\S++)", re.IGNORECASE)
_APPCMD = re.compile(r"appcmd(?:\.exe)?\"?\s*\Z", re.IGNORECASE)
_RENEW = re.compile(r"\brenew\s++binding\b", re.IGNORECASE)

# winerror.h and the page "Task Scheduler error and success constants"
_RESULTS = {
    0x00000000: "succeeded",
    0x00041300: "ready to run",
    0x00041301: "running now",
    0x00041302: "disabled",
    0x00041303: "never ran",
    0x00041304: "has no more runs scheduled",
    0x00041305: "not scheduled: a property that it needs is missing",
    0x00041306: "ended by a user",
    0x00041307: "has no triggers, or they are disabled",
    0x00041308: "waits for its event",
    0x80070002: "failed: a file was not found",
    0x80070003: "failed: a path was not found",
    0x80070005: "failed: access was denied",
    0x80070520: "failed: a specified logon session does not exist (1312)",
    0x800710E0: "refused by the administrator or operator",
    0x8004131F: "was already running",
    0x80041326: "is disabled",
}
_FIRST_RUN = 2000


def rebinds(xml: str | bytes) -> str | None:
    """What a task does at a replaced certificate, in a sentence; None if it does not listen."""
    root = parse_xml(xml)
    triggers, actions = root.first("Triggers"), root.first("Actions")
    enabled = (
        trigger
        for trigger in (triggers.each("EventTrigger") if triggers else ())
        if (trigger.value("Enabled") or "true").lower() not in ("false", "0")
    )
    if not any(_listens(trigger.value("Subscription") or "") for trigger in enabled):
        return None
    return "; ".join(map(_does, actions.children if actions else ())) or "does nothing"


def last_result_words(code: int, last_run: datetime | None = None) -> str:
    """How the last run ended; a date in the last century means that there was none."""
    number = code & 0xFFFFFFFF
    if last_run is not None and last_run.year < _FIRST_RUN and number != 0x00041301:
        return "never ran"
    if number in _RESULTS:
        return _RESULTS[number]
    if number & 0x80000000:
        return f"failed with 0x{number:08X}"
    return f"ended with {number} (0x{number:X})"


def _listens(subscription: str) -> bool:
    """Whether a subscription selects 1001 of the System channel, as far as can be seen."""
    query = parse_query(subscription)
    if query is None:
        return SYSTEM_CHANNEL.lower() in subscription.lower() and _may_select(subscription)
    return any(
        (select.value("Path") or part.value("Path") or "").lower() == SYSTEM_CHANNEL.lower()
        and _may_select(select.text)
        for part in query.each("Query")
        for select in part.each("Select")
    )


def _may_select(xpath: str) -> bool:
    numbers = _EQUALS.findall(xpath)
    return not numbers or "1001" in numbers or bool(_COMPARES.search(xpath))


def _does(action: Node) -> str:
    command, arguments = f"{action.name} {action.value('ClassId') or ''}".strip(), ""
    if action.name == "Exec":
        command, arguments = action.value("Command") or "", action.value("Arguments") or ""
    if _APPCMD.search(command) and _RENEW.search(arguments):
        return "rebinds IIS by appcmd, as the task of IIS Manager does: a duplicate"
    script = _SCRIPT.search(arguments)
    if _POWERSHELL.search(command) and script and "$(OldCertHash)" in arguments:
        return f"runs the script {shown(script[1].strip(chr(34)), 120)}, a PKI notification task"
    return f"runs {shown(f'{command} {arguments}'.strip(), 160)}"
