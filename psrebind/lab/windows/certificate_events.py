"""Certificate events of a host, and the tasks that they start.

The tasks run in the writing call, one after another, once the host's state is let go: after a
call, everything that follows from its events has happened.
"""

from __future__ import annotations

from dataclasses import replace

from psrebind.lab.windows import task_scheduler
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.event_channels import Event, append, find_channel, put_channel
from psrebind.lab.windows.event_xml import CertificateEvent, EventContext, EventSource, event_of
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.state import HostState

REPLACED, ARCHIVED, INSTALLED, EXPORTED = 1001, 1005, 1006, 1007


def autoenrollment(host: Host) -> EventSource:
    """Return who renews certificates of a domain."""
    return EventSource(process="taskhostw.exe", account=machine_account(host.state))


def machine_account(state: HostState) -> str:
    """Return the host's own account, `DOMAIN\\HOST$`."""
    domain = state.facts.domain.partition(".")[0].upper()
    return f"{domain}\\{state.facts.name.upper()}$"


def installed(certificate: StoredCertificate, source: EventSource, action: str) -> CertificateEvent:
    """Return the event of a certificate that is new on the host."""
    details = {"CertificateDetails": certificate}
    return CertificateEvent(id=INSTALLED, action=action, details=details, source=source)


def replaced(
    old: StoredCertificate, new: StoredCertificate, *, source: EventSource, action: str
) -> CertificateEvent:
    """Return the event that certificate rebind listens to."""
    details = {"OldCertificateDetails": old, "NewCertificateDetails": new}
    return CertificateEvent(id=REPLACED, action=action, details=details, source=source)


def archived(certificate: StoredCertificate, source: EventSource) -> CertificateEvent:
    """Return the event of a certificate that is archived."""
    return CertificateEvent(id=ARCHIVED, details={"CertificateDetails": certificate}, source=source)


def exported(certificate: StoredCertificate, source: EventSource) -> CertificateEvent:
    """Return the event of a certificate that is exported."""
    return CertificateEvent(id=EXPORTED, details={"CertificateDetails": certificate}, source=source)


def write(host: Host, what: CertificateEvent) -> Event | None:
    """Write an event and run the tasks that wait for it; None when the channel is off."""
    written: list[Event] = []

    def make(record_id: int) -> Event:
        context = EventContext(
            record_id=record_id,
            time=host.now(),
            computer=f"{host.facts.name}.{host.facts.domain}",
            german=host.state.german,
        )
        written.append(event_of(what, context))
        return written[-1]

    def change(state: HostState) -> HostState:
        channel = find_channel(state.channels, what.channel)
        if channel is None:
            return state
        return replace(state, channels=put_channel(state.channels, append(channel, make)))

    after = host.change(change)
    for event in written:
        task_scheduler.start_tasks(host, event, channel=what.channel, tasks=after.tasks)
    return written[0] if written else None
