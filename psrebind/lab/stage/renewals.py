"""New certificates of a host: by autoenrollment, or as an ACME client imports them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from psrebind.errors import InvalidInput
from psrebind.lab.windows import certificate_events
from psrebind.lab.windows.certificate_authority import Authority, CertificateRequest
from psrebind.lab.windows.certificate_stores import StoredCertificate, same_store
from psrebind.lab.windows.event_xml import EventSource
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.state import HostState

RENEWED_DAYS = 365
IMPORTED_DAYS = 90


def renew(host: Host, authority: Authority, thumbprint: str, *, names: Sequence[str] = ()) -> str:
    """Renew a certificate in every store that has it, as autoenrollment does; returns the new.

    The tasks that wait for its events have ended when it returns.
    """
    holders = _holders(host, thumbprint)
    added = _add(host, authority, holders, names=names, template=holders[0].template)
    source = certificate_events.autoenrollment(host)
    certificate_events.write(host, certificate_events.installed(added, source, "Enroll"))
    for old in (holders[0], *_others_of_template(host, holders[0], added)):
        _change_all(host, old, lambda one: replace(one, renewed_by=added.thumbprint))
        certificate_events.write(
            host, certificate_events.replaced(old, added, source=source, action="Renew")
        )
        _change_all(host, old, lambda one: replace(one, archived=True))
        certificate_events.write(host, certificate_events.archived(old, source))
    return added.thumbprint


def import_certificate(
    host: Host, authority: Authority, *, like: str, names: Sequence[str] = ()
) -> str:
    """Put a new certificate into the stores of another one, as an ACME client does.

    Windows sees a certificate that is new, and nothing that it replaces.
    """
    holders = _holders(host, like)
    added = _add(host, authority, holders, names=names, template=None)
    account = "NT-AUTORITÄT\\SYSTEM" if host.state.german else "NT AUTHORITY\\SYSTEM"
    source = EventSource(process="wacs.exe", account=account)
    certificate_events.write(host, certificate_events.installed(added, source, "Install"))
    return added.thumbprint


def _holders(host: Host, thumbprint: str) -> tuple[StoredCertificate, ...]:
    found = tuple(
        one for one in host.state.certificates if one.thumbprint == thumbprint.strip().upper()
    )
    if not found:
        raise InvalidInput(f"{host.identifier} has no certificate {thumbprint}")
    return found


def _add(
    host: Host,
    authority: Authority,
    holders: Sequence[StoredCertificate],
    *,
    names: Sequence[str],
    template: str | None,
) -> StoredCertificate:
    now = host.now()
    wanted = tuple(names) or holders[0].names
    subject = holders[0].parsed.subject.rfc4514_string().removeprefix("CN=")
    request = CertificateRequest(
        subject=wanted[0] if names else subject,
        names=wanted,
        not_before=now - timedelta(hours=1),
        not_after=now + timedelta(days=RENEWED_DAYS if template else IMPORTED_DAYS),
        template=template,
    )
    issued = authority.issue(request)
    added = tuple(
        StoredCertificate(
            store=one.store,
            der=issued.certificate,
            key=issued.key,
            friendly_name=one.friendly_name,
            template=template,
        )
        for one in holders
    )
    host.change(lambda state: replace(state, certificates=state.certificates + added))
    return added[0]


def _others_of_template(
    host: Host, old: StoredCertificate, new: StoredCertificate
) -> tuple[StoredCertificate, ...]:
    """Return what autoenrollment takes for older copies of what it has just renewed."""
    if not host.state.assumptions.renewal_replaces_others_of_template or not old.template:
        return ()
    return tuple(
        one
        for one in host.state.certificates
        if one.template == old.template
        and same_store(one.store, "My")
        and not one.archived
        and one.thumbprint not in (old.thumbprint, new.thumbprint)
    )


def _change_all(
    host: Host, which: StoredCertificate, make: Callable[[StoredCertificate], StoredCertificate]
) -> None:
    def change(state: HostState) -> HostState:
        certificates = tuple(
            make(one) if one.thumbprint == which.thumbprint else one for one in state.certificates
        )
        return replace(state, certificates=certificates)

    host.change(change)
