"""Small events, bindings and certificates that tell of renewals."""

from __future__ import annotations

from certificates import NOW

from psrebind.decode.events import EventCertificate, LifecycleEvent, LifecycleLog
from psrebind.iis_model import Binding, BindingInfo, Record, RecordKind
from psrebind.model import Certificate, Thumbprint


def name(number: int) -> Thumbprint:
    """The thumbprint of the certificate of a number."""
    return Thumbprint(f"{number:040x}")


def replaced(
    old: int | None, new: int | None, *, record_id: int = 1, number: int = 1001
) -> LifecycleEvent:
    """An event that says that one certificate replaced another."""
    return LifecycleEvent(
        channel=LifecycleLog.SYSTEM,
        record_id=record_id,
        id=number,
        time=NOW,
        computer="web01",
        action="renew",
        process=None,
        account=None,
        context="Machine",
        certificate=None,
        old=_side(old),
        new=_side(new),
    )


def bound(number: int, host: str = "a.example") -> Binding:
    """An SNI binding that has the certificate of a number."""
    endpoint = f"{host}:443"
    record = Record(RecordKind.SNI, endpoint, name(number), "My", None)
    return Binding(host, 1, "Started", BindingInfo(f"*:443:{host}"), 1, record)


def linked(old: int, new: int | None, *, store: str = "My", archived: bool = False) -> Certificate:
    """A certificate with its renewal link."""
    return Certificate(
        store=store,
        thumbprint=name(old),
        subject="CN=a.example",
        issuer="CN=CA",
        serial="01",
        common_name="a.example",
        dns_names=("a.example",),
        ip_addresses=(),
        not_before=NOW,
        not_after=NOW,
        usages=None,
        key_linked=True,
        friendly_name=None,
        archived=archived,
        renewed_by=None if new is None else name(new),
        template=None,
    )


def _side(number: int | None) -> EventCertificate | None:
    return None if number is None else EventCertificate(name(number), None, (), (), None)
