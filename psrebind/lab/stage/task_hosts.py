"""The other three hosts of the demo: those on which the rebind task alone does not help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.lab.stage.breakage import edited_task
from psrebind.lab.stage.host_parts import HostSetup, https, issue_pair, record
from psrebind.lab.windows import certificate_events
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_authority import Authority
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.event_channels import Channel
from psrebind.lab.windows.event_xml import EventContext, EventSource, event_of
from psrebind.lab.windows.http_sys import Record, RecordKind
from psrebind.lab.windows.state import Binding, Facts, HostState, Site

SNI = RecordKind.HOSTNAMEPORT
ROLLED_OVER_AT = 1412


def foreign(authority: Authority, setup: HostSetup) -> HostState:
    """Return a host whose certificate an ACME client imports: no template, so never a 1001."""
    names = ("blog.example", "www.blog.example", "media.example", "status.example")
    made = issue_pair(authority, setup, names)
    old, _ = made.imported("My", "ACME")
    old = replace(old, renewed_by=None, template=None)
    return HostState(
        facts=Facts(name=setup.name),
        sites=(
            _site(1, "Blog", https("*:8443:blog.example", 1), https("*:8443:www.blog.example", 1)),
            _site(2, "Media", https("*:8443:media.example", 1)),
            _site(3, "Status", https("*:9443:")),
        ),
        records=(
            *_named(names[:3], old),
            record(RecordKind.IPPORT, "0.0.0.0:9443", old),
        ),
        certificates=(old,),
    )


def duplicates(authority: Authority, setup: HostSetup) -> HostState:
    """Return a host with two bound certificates of one template: a renewal takes both sites."""
    orders = ("orders.example", "basket.example")
    billing = ("billing.example", "invoices.example")
    first = _only(authority, setup, orders, "Orders")
    second = _only(authority, setup, billing, "Billing")
    return HostState(
        facts=Facts(name=setup.name),
        assumptions=Assumptions(renewal_replaces_others_of_template=True),
        sites=tuple(
            _site(number, name.partition(".")[0].title(), https(f"*:8443:{name}", 1))
            for number, name in enumerate((*orders, *billing), start=1)
        ),
        records=(*_named(orders, first), *_named(billing, second)),
        certificates=(first, second),
    )


def damaged(authority: Authority, setup: HostSetup) -> HostState:
    """Return a host that missed a renewal: task edited, channel off, log rolled over."""
    names = ("portal.example", "mail.example", "vpn.example", "files.example")
    certificates = issue_pair(authority, setup, names).imported("My", "Portal")
    old = certificates[0]
    return HostState(
        facts=Facts(
            name=setup.name,
            os_name="Windows Server 2019 Datacenter",
            build=17763,
            ubr=5458,
            powershell_version="5.1.17763.5458",
        ),
        sites=tuple(
            _site(number, name.partition(".")[0].title(), https(f"*:8443:{name}", 1))
            for number, name in enumerate(names, start=1)
        ),
        records=_named(names, old),
        certificates=certificates,
        channels=(_rolled_over(setup, old), Channel(name=USER_CHANNEL)),
        tasks=(edited_task(),),
    )


def _only(
    authority: Authority, setup: HostSetup, names: Sequence[str], friendly_name: str
) -> StoredCertificate:
    old, _ = issue_pair(authority, setup, names).imported("My", friendly_name)
    return replace(old, renewed_by=None)


def _rolled_over(setup: HostSetup, certificate: StoredCertificate) -> Channel:
    context = EventContext(
        record_id=ROLLED_OVER_AT,
        time=setup.now - timedelta(hours=2),
        computer=f"{setup.name}.lab.example",
        german=False,
    )
    source = EventSource(process="powershell.exe", account=f"{setup.name.upper()}\\labadmin")
    event = event_of(certificate_events.exported(certificate, source), context)
    return Channel(
        name=SYSTEM_CHANNEL, enabled=False, next_record=ROLLED_OVER_AT + 1, events=(event,)
    )


def _named(names: Sequence[str], certificate: StoredCertificate) -> tuple[Record, ...]:
    return tuple(record(SNI, f"{name}:8443", certificate) for name in names)


def _site(number: int, name: str, *bindings: Binding) -> Site:
    return Site(id=number, name=name, bindings=bindings)
