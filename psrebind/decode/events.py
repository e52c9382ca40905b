"""Certificate lifecycle events: the one decoder from an event's tree to a typed event.

The shape is that of field notes A1 to A4: everything by local name, everything optional but the
event's id; what is odd is kept and noted. Where the tree comes from is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from psrebind.decode.trees import Node, parse_xml, shown
from psrebind.errors import DecodeError, ParameterError
from psrebind.model import Renewal, Thumbprint

SYSTEM_CHANNEL = "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"
USER_CHANNEL = "Microsoft-Windows-CertificateServicesClient-Lifecycle-User/Operational"
MEANINGS = {
    1001: "replaced",
    1002: "expired",
    1003: "about to expire",
    1004: "deleted",
    1005: "archived",
    1006: "installed",
    1007: "exported",
    1008: "associated with its private key",
    1009: "could not be associated with its private key",
    1010: "deleted from Active Directory",
}
# What text has of a lifecycle event at the least; a record without it need not be parsed.
LIFECYCLE = re.compile(
    "certnotificationdata|certificateservicesclient-lifecycle-"
    "|bc0669e1-a10d-4a78-834e-1ca3c806c93b|bea18b89-126f-4155-9ee4-d36038b02680",
    re.IGNORECASE,
)
_SYSTEM = re.compile("lifecycle-system|bc0669e1", re.IGNORECASE)
_USER = re.compile("lifecycle-user|bea18b89", re.IGNORECASE)
_OID = re.compile(r"\d{1,9}(\.\d{1,39})+\Z", re.ASCII)


class LifecycleLog(StrEnum):
    """Which of the two lifecycle logs an event comes from."""

    SYSTEM = "system"
    USER = "user"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class EventCertificate:
    """A certificate as an event describes it: ``names`` are the subject, then the SAN's values."""

    thumbprint: Thumbprint | None
    template: str | None
    names: tuple[str, ...]
    usages: tuple[str, ...]
    not_after: datetime | None

    @property
    def name(self) -> str | None:
        """The first of its names that is no distinguished name."""
        return next((one for one in self.names if "=" not in one), None)


@dataclass(frozen=True)
class LifecycleEvent:
    """One certificate lifecycle event; ``notes`` say what of it could not be understood."""

    channel: LifecycleLog
    record_id: int | None
    id: int
    time: datetime | None
    computer: str | None
    action: str | None
    process: str | None
    account: str | None
    context: str | None
    certificate: EventCertificate | None
    old: EventCertificate | None
    new: EventCertificate | None
    notes: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """What the id says, in a word or two."""
        return MEANINGS.get(self.id, f"unknown event {self.id}")

    @property
    def renewal(self) -> Renewal | None:
        """Old and new certificate of a 1001 that names two different ones."""
        old, new = (side and side.thumbprint for side in (self.old, self.new))
        if self.id != 1001 or not old or not new or old == new:
            return None
        return Renewal(old, new)


def decode_event(xml: str | bytes) -> LifecycleEvent:
    """Decode the XML of one lifecycle event; raise DecodeError for anything else."""
    return event_from(parse_xml(xml))


def is_lifecycle(root: Node) -> bool:
    """Whether a tree is a certificate lifecycle event, by provider, channel or data."""
    return _data(root) is not None or _channel(root.first("System")) is not LifecycleLog.UNKNOWN


def event_from(root: Node) -> LifecycleEvent:
    """Decode the tree of one lifecycle event; raise DecodeError for anything else."""
    system = root.first("System")
    if root.name != "Event" or system is None:
        raise DecodeError(f"is not a Windows event: {shown(root.name)} without System")
    if not is_lifecycle(root):
        raise DecodeError("is an event of another kind, not a certificate lifecycle event")
    number = _number(system.value("EventID"))
    if number is None:
        raise DecodeError("has no event id")
    notes: list[str] = []
    data = _data(root) or Node("CertNotificationData")
    if not data.children:
        notes.append("the event has no details")
    action = data.value("Action")
    created = system.first("TimeCreated") or Node("TimeCreated")
    return LifecycleEvent(
        channel=_channel(system),
        record_id=_number(system.value("EventRecordID")),
        id=number,
        time=_time(created.value("SystemTime") or created.text, "time", notes),
        computer=system.value("Computer"),
        action=action.lower() if action else None,
        process=data.value("ProcessName"),
        account=data.value("AccountName"),
        context=data.value("Context"),
        certificate=_certificate(data, "CertificateDetails", notes),
        old=_certificate(data, "OldCertificateDetails", notes),
        new=_certificate(data, "NewCertificateDetails", notes),
        notes=tuple(notes),
    )


def _data(root: Node) -> Node | None:
    holder = root.first("UserData")
    return holder.first("CertNotificationData") if holder else None


def _channel(system: Node | None) -> LifecycleLog:
    if system is None:
        return LifecycleLog.UNKNOWN
    provider = system.first("Provider") or Node("Provider")
    for text in (system.value("Channel"), provider.value("Name"), provider.value("Guid")):
        if text and _SYSTEM.search(text):
            return LifecycleLog.SYSTEM
        if text and _USER.search(text):
            return LifecycleLog.USER
    return LifecycleLog.UNKNOWN


def _certificate(data: Node, name: str, notes: list[str]) -> EventCertificate | None:
    found = list(data.each(name))
    if not found:
        return None
    if len(found) > 1:
        notes.append(f"{name} stands there {len(found)} times; the first was taken")
    node = found[0]
    template = node.first("Template")
    expiry = node.value("NotValidAfter")
    return EventCertificate(
        thumbprint=_thumbprint(node, notes),
        template=(template.value("Name") or template.text or None) if template else None,
        names=tuple(
            name.text
            for names in node.each("SubjectNames")
            for name in names.each("SubjectName")
            if name.text
        ),
        usages=_usages(node, notes),
        not_after=_time(expiry, f"NotValidAfter of {name}", notes) if expiry else None,
    )


def _thumbprint(node: Node, notes: list[str]) -> Thumbprint | None:
    text = node.value("Thumbprint")
    if text is None:
        notes.append(f"{node.name} has no thumbprint")
        return None
    try:
        return Thumbprint(text)
    except ParameterError:
        notes.append(f"{node.name} has {shown(text)} for a thumbprint")
        return None


def _usages(node: Node, notes: list[str]) -> tuple[str, ...]:
    usages = [usage for group in node.each("EKUs") for usage in group.each("EKU")]
    numbers = [usage.value("OID") or "" for usage in usages]
    if odd := [text for text in numbers if not _OID.match(text)]:
        # The name beside it is in the host's language, and not read for that reason.
        notes.append(f"a usage of {node.name} has {shown(odd[0])} for an object identifier")
    return tuple(text for text in numbers if _OID.match(text))


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 20 and text.isascii() and text.isdigit() else None


def _time(text: str | None, what: str, notes: list[str]) -> datetime | None:
    """An instant of an event, which is UTC whether it says so or not."""
    if not text:
        notes.append(f"the {what} is missing")
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        notes.append(f"the {what} is {shown(text)}, which is no time")
        return None
