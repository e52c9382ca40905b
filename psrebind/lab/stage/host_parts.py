"""What the hosts of the demo are made of: certificate pairs, bindings and records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psrebind.lab.windows.certificate_authority import Authority, CertificateRequest, Issued
from psrebind.lab.windows.certificate_stores import StoredCertificate, stored
from psrebind.lab.windows.http_sys import Options, Record, RecordKind
from psrebind.lab.windows.state import Binding

_HOSTS_PER_NETWORK = 100


@dataclass(frozen=True, kw_only=True)
class CertificatePair:
    """An old certificate and the one that renews it."""

    old: Issued
    new: Issued

    def imported(self, store: str, friendly_name: str) -> tuple[StoredCertificate, ...]:
        """Return both as they lie in a store, the old one linked to the new."""
        new = stored(self.new, store, friendly_name=friendly_name)
        old = stored(self.old, store, friendly_name=friendly_name)
        return (
            replace(old, renewed_by=new.thumbprint, template="WebServer"),
            replace(new, template="WebServer"),
        )


@dataclass(frozen=True, kw_only=True)
class HostSetup:
    """Where one host of the scenario is: its name, number and the moment of its making."""

    name: str
    number: int
    now: datetime
    network: str

    @property
    def address(self) -> str:
        """Return the loopback address of the host."""
        return self._numbered(11)

    @property
    def second_address(self) -> str:
        """Return the loopback address of the binding that has one of its own."""
        return self._numbered(131)

    def _numbered(self, first: int) -> str:
        # A hundred hosts fit into one network; the others are in the networks after it.
        head, _, third = self.network.rpartition(".")
        further, number = divmod(self.number, _HOSTS_PER_NETWORK)
        return f"{head}.{int(third) + further}.{first + number}"


def http(information: str) -> Binding:
    """Return a binding without TLS."""
    return Binding(protocol="http", information=information)


def issue_pair(
    authority: Authority, setup: HostSetup, names: Sequence[str], lost: str = ""
) -> CertificatePair:
    """Return an old certificate, soon at its end, and its successor without one of its names."""

    def request(kept: Sequence[str], begin: timedelta, end: timedelta) -> CertificateRequest:
        return CertificateRequest(
            subject=kept[0],
            names=tuple(kept),
            not_before=setup.now + begin,
            not_after=setup.now + end,
            template="WebServer",
        )

    day = timedelta(days=1)
    kept = [name for name in names if name != lost]
    return CertificatePair(
        old=authority.issue(request(names, -335 * day, 30 * day)),
        new=authority.issue(request(kept, -day / 24, 365 * day)),
    )


def record(
    kind: RecordKind, key: str, certificate: StoredCertificate, options: Options | None = None
) -> Record:
    """Return the http.sys record in which a certificate is bound."""
    return Record(
        kind=kind,
        key=key,
        thumbprint=certificate.thumbprint,
        store=certificate.store,
        options=options or Options(),
    )


def https(information: str, flags: int = 0) -> Binding:
    """Return a binding with TLS."""
    return Binding(protocol="https", information=information, flags=flags)
