"""The XML of a certificate lifecycle event, in the shape that Windows writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.event_channels import Event

NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
PROVIDERS = {
    SYSTEM_CHANNEL: "{bc0669e1-a10d-4a78-834e-1ca3c806c93b}",
    USER_CHANNEL: "{bea18b89-126f-4155-9ee4-d36038b02680}",
}
LEVEL = 4
# Names of usages are in the host's language; only the OID beside them is to be trusted.
USAGES = {
    "1.3.6.1.5.5.7.3.1": ("Server Authentication", "Serverauthentifizierung"),
    "1.3.6.1.5.5.7.3.2": ("Client Authentication", "Clientauthentifizierung"),
}


@dataclass(frozen=True, kw_only=True)
class EventSource:
    """Who causes an event: a program under an account; SYSTEM unless another SID is named."""

    process: str
    account: str
    sid: str = "S-1-5-18"


@dataclass(frozen=True, kw_only=True)
class CertificateEvent:
    """One thing that happens to certificates; details by their element, as CertificateDetails."""

    id: int
    details: Mapping[str, StoredCertificate]
    source: EventSource
    action: str | None = None
    channel: str = SYSTEM_CHANNEL


@dataclass(frozen=True, kw_only=True)
class EventContext:
    """Where and when an event is written."""

    record_id: int
    time: datetime
    computer: str
    german: bool


def event_of(event: CertificateEvent, context: EventContext) -> Event:
    """Return the event of something that happens there and then."""
    return Event(
        record_id=context.record_id,
        provider=event.channel.partition("/")[0],
        id=event.id,
        level=LEVEL,
        time=context.time,
        xml=_event_xml(event, context),
    )


def _event_xml(event: CertificateEvent, context: EventContext) -> str:
    provider = event.channel.partition("/")[0]
    # Seven digits of a second, as the event log's clock has them.
    time = context.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    system = (
        f"<System><Provider Name='{provider}' Guid='{PROVIDERS[event.channel]}'/>"
        f"<EventID>{event.id}</EventID><Version>0</Version><Level>{LEVEL}</Level>"
        "<Task>0</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords>"
        f"<TimeCreated SystemTime='{time}'/><EventRecordID>{context.record_id}</EventRecordID>"
        "<Correlation/><Execution ProcessID='4356' ThreadID='5976'/>"
        f"<Channel>{event.channel}</Channel><Computer>{escape(context.computer)}</Computer>"
        f"<Security UserID='{event.source.sid}'/></System>"
    )
    kind = "Machine" if event.channel == SYSTEM_CHANNEL else "User"
    attributes = (
        f"ProcessName={quoteattr(event.source.process)} "
        f"AccountName={quoteattr(event.source.account)} Context='{kind}'"
    )
    action = f"<Action>{event.action}</Action>" if event.action else ""
    details = "".join(
        _details(element, certificate, german=context.german)
        for element, certificate in event.details.items()
    )
    return (
        f"<Event xmlns='{NAMESPACE}'>{system}<UserData><CertNotificationData {attributes}>"
        f"{action}{details}</CertNotificationData></UserData></Event>"
    )


def _details(element: str, certificate: StoredCertificate, *, german: bool) -> str:
    template = f"<Template Name={quoteattr(certificate.template)}/>" if certificate.template else ""
    subject = certificate.parsed.subject.rfc4514_string()
    names = "".join(
        f"<SubjectName>{escape(name)}</SubjectName>" for name in (subject, *certificate.names)
    )
    usages = "".join(
        f"<EKU Name={quoteattr(USAGES.get(oid, (oid, oid))[german])} OID='{oid}'/>"
        for oid in _usages(certificate)
    )
    end = certificate.not_after.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<{element} Thumbprint='{certificate.thumbprint.lower()}'>{template}"
        f"<SubjectNames>{names}</SubjectNames>"
        + (f"<EKUs>{usages}</EKUs>" if usages else "")
        + f"<NotValidAfter>{end}</NotValidAfter></{element}>"
    )


def _usages(certificate: StoredCertificate) -> tuple[str, ...]:
    try:
        found = certificate.parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return ()
    return tuple(usage.dotted_string for usage in found.value)
