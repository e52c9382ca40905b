"""A task of the Task Scheduler as XML: what is accepted, and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
SYSTEM = "S-1-5-18"
UNEXPECTED_NODE = 0x80041316
WRONG_NAMESPACE = 0x80041317
INVALID_VALUE = 0x80041318
MISSING_NODE = 0x80041319
MALFORMED = 0x8004131A

# Order and defaults of the schema; an IdleSettings inside has its own.
SETTINGS: Mapping[str, str | None] = {
    "AllowStartOnDemand": "true",
    "RestartOnFailure": None,
    "MultipleInstancesPolicy": "IgnoreNew",
    "DisallowStartIfOnBatteries": "true",
    "StopIfGoingOnBatteries": "true",
    "AllowHardTerminate": "true",
    "StartWhenAvailable": "false",
    "NetworkProfileName": None,
    "RunOnlyIfNetworkAvailable": "false",
    "NetworkSettings": None,
    "WakeToRun": "false",
    "Enabled": "true",
    "Hidden": "false",
    "DeleteExpiredTaskAfter": None,
    "IdleSettings": None,
    "ExecutionTimeLimit": "PT72H",
    "Priority": "7",
    "RunOnlyIfIdle": "false",
    "UseUnifiedSchedulingEngine": None,
    "DisallowStartOnRemoteAppSession": None,
    "MaintenanceSettings": None,
    "Volatile": None,
}
PARTS = ("RegistrationInfo", "Principals", "Settings", "Triggers", "Data", "Actions")
PRINCIPAL = "UserId GroupId DisplayName LogonType RunLevel ProcessTokenSidType RequiredPrivileges"
EVENT_TRIGGER = (
    "Enabled StartBoundary EndBoundary Repetition ExecutionTimeLimit Subscription Delay "
    "PeriodOfOccurrence NumberOfOccurrences MatchingElement ValueQueries"
)
TRIGGERS = "Boot Registration Idle Time Event Logon SessionStateChange Calendar WnfStateChange"
CHILDREN = {
    "Task": frozenset(PARTS),
    "Settings": frozenset(SETTINGS),
    "Principal": frozenset(PRINCIPAL.split()),
    "Triggers": frozenset(f"{kind}Trigger" for kind in TRIGGERS.split()),
    "Actions": frozenset(("Exec", "ComHandler", "SendEmail", "ShowMessage")),
    "Exec": frozenset(("Command", "Arguments", "WorkingDirectory")),
    "EventTrigger": frozenset(EVENT_TRIGGER.split()),
}
BOOLEANS = frozenset(name for name, default in SETTINGS.items() if default in ("true", "false")) | {
    "StopOnIdleEnd",
    "RestartOnIdle",
}
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")


class TaskXmlError(ValueError):
    """The Task Scheduler refuses the XML, with an HRESULT of its own."""

    def __init__(self, hresult: int, reason: str) -> None:
        super().__init__(reason)
        self.hresult = hresult
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class TaskRun:
    """One run of a task: what it was started by, what ran, and how that ended."""

    time: datetime
    record_id: int | None
    line: str
    result: int
    output: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RegisteredTask:
    """One task as it was registered; path has both its backslashes."""

    path: str
    name: str
    xml: str
    enabled: bool = True
    runs: tuple[TaskRun, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EventTrigger:
    """A trigger that waits for events, and what it takes from them by name."""

    enabled: bool
    subscription: str
    values: Mapping[str, str]


def parse(xml: str) -> Element:
    """Return a task's tree without namespaces, or raise what registration says."""
    declaration = _DECLARATION.match(xml)
    if declaration and "utf-8" in declaration[0].casefold():
        # The text comes as UTF-16, and the parser of Windows believes the declaration.
        raise TaskXmlError(MALFORMED, "(1,40)::encoding")
    try:
        if "<!DOCTYPE" in xml:
            raise TaskXmlError(MALFORMED, "(1,1)::DOCTYPE")
        root = ElementTree.fromstring(xml[declaration.end() :] if declaration else xml)
    except ElementTree.ParseError as error:
        raise TaskXmlError(MALFORMED, f"{error.position}::") from error
    for element in root.iter():
        namespace, _, name = element.tag.rpartition("}")
        if namespace != "{" + NAMESPACE:
            raise TaskXmlError(WRONG_NAMESPACE, f"::{name}:")
        element.tag = name
    _check(root)
    return root


def event_triggers(root: Element) -> list[EventTrigger]:
    """Return a task's triggers that wait for events."""
    return [
        EventTrigger(
            enabled=one.findtext("Enabled", "true").strip() == "true",
            subscription=one.findtext("Subscription", ""),
            values={
                value.get("name", ""): (value.text or "").strip()
                for value in one.iterfind("ValueQueries/Value")
            },
        )
        for one in root.iterfind("Triggers/EventTrigger")
    ]


def programs_of(root: Element) -> list[tuple[str, str]]:
    """Return program and arguments of each action, in their order."""
    return [
        (one.findtext("Command", "").strip(), one.findtext("Arguments", "").strip())
        for one in root.iterfind("Actions/Exec")
    ]


def runs_as_system(root: Element) -> bool:
    """Tell whether a task runs under the account SYSTEM."""
    return any(one.text == SYSTEM for one in root.iterfind("Principals/Principal/UserId"))


def setting(root: Element, name: str) -> str:
    """Return a setting, or its default."""
    return root.findtext(f"Settings/{name}", SETTINGS[name] or "").strip()


def _check(root: Element) -> None:
    if root.tag != "Task":
        raise TaskXmlError(UNEXPECTED_NODE, f"(1,2)::{root.tag}:")
    for element in root.iter():
        for child in element:
            if element.tag in CHILDREN and child.tag not in CHILDREN[element.tag]:
                raise TaskXmlError(UNEXPECTED_NODE, f"::{child.tag}:")
        if element.tag in BOOLEANS and (element.text or "").strip() not in ("true", "false"):
            raise TaskXmlError(INVALID_VALUE, f"::{element.tag}:{element.text}")
    if root.find("Actions/*") is None:
        raise TaskXmlError(MISSING_NODE, "::Actions:")
    for trigger in root.iterfind("Triggers/EventTrigger"):
        if not trigger.findtext("Subscription", "").strip():
            raise TaskXmlError(MISSING_NODE, "::Subscription:")


def selects(subscription: str) -> Iterator[tuple[bool, str, str]]:
    """Yield of each query in a subscription whether it selects, its channel and its XPath."""
    try:
        root = ElementTree.fromstring(subscription)
    except ElementTree.ParseError as error:
        raise TaskXmlError(INVALID_VALUE, "::Subscription:") from error
    for query in root.iter("Query"):
        for one in query:
            if one.tag not in ("Select", "Suppress"):
                raise TaskXmlError(INVALID_VALUE, f"::Subscription:{one.tag}")
            path = str(one.get("Path") or query.get("Path", ""))
            yield one.tag == "Select", path, (one.text or "").strip()
