"""The three hosts of the demo: what each has bound, and where each renewal is difficult.

Values only; scenario.py makes hosts of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psrebind.lab.authority import Authority, Issued, Request
from psrebind.lab.httpsys import IIS_APPLICATION, Options, Record, RecordKind
from psrebind.lab.state import Binding, Facts, HostState, Site
from psrebind.lab.stores import StoredCertificate, stored

CLIENT_CERTIFICATES = Options(
    check_mode=1,
    revocation_url_retrieval_timeout=15000,
    ctl_store_name="ClientAuthIssuer",
    flags=3,
)


@dataclass(frozen=True, kw_only=True)
class Pair:
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
class Place:
    """Where one host of the scenario is: its name, number and the moment of its making."""

    name: str
    number: int
    now: datetime
    network: str

    @property
    def address(self) -> str:
        """Return the loopback address of the host."""
        return f"{self.network}.{11 + self.number}"

    @property
    def second_address(self) -> str:
        """Return the loopback address of the binding that has one of its own."""
        return f"{self.network}.{131 + self.number}"


def shop(authority: Authority, place: Place) -> HostState:
    """Return a Server 2022: SNI, an IDN, a name that gets lost, and client certificates."""
    names = ("shop.example", "münchen.example", "intranet.example", "legacy.example")
    pair = _pair(authority, place, names, lost="legacy.example")
    certificates = pair.imported("My", "Shop")
    old = certificates[0]
    own = f"{place.second_address}:8443"
    sni = RecordKind.HOSTNAMEPORT
    return HostState(
        facts=Facts(name=place.name),
        sites=(
            Site(id=1, name="Default Web Site", bindings=(_http("*:8080:"),)),
            Site(id=2, name="Shop", bindings=(_https("*:8443:shop.example", 1),)),
            Site(id=3, name="München", bindings=(_https("*:8443:münchen.example", 1),)),
            Site(id=4, name="Legacy", bindings=(_https("*:8443:legacy.example", 1),)),
            Site(id=5, name="Intranet", bindings=(_https(f"{own}:"),)),
        ),
        records=(
            _record(sni, "shop.example:8443", old),
            _record(sni, "münchen.example:8443", old),
            _record(sni, "legacy.example:8443", old),
            _record(RecordKind.IPPORT, own, old, CLIENT_CERTIFICATES),
        ),
        certificates=certificates,
    )


def partners(authority: Authority, place: Place) -> HostState:
    """Return a German Server 2019: two sites on one ip:port, and the WebHosting store."""
    names = ("kunden.example", "partner.example", "hosting.example")
    pair = _pair(authority, place, names)
    mine = pair.imported("My", "Kundenportal")
    hosting = pair.imported("WebHosting", "Kundenportal")
    return HostState(
        facts=Facts(
            name=place.name,
            os_name="Windows Server 2019 Standard",
            build=17763,
            ubr=5458,
            powershell_version="5.1.17763.5458",
            ui_culture="de-DE",
        ),
        sites=(
            Site(id=1, name="Kunden", bindings=(_https("*:8443:kunden.example"),)),
            Site(id=2, name="Partner", bindings=(_https("*:8443:partner.example"),)),
            Site(id=3, name="Hosting", bindings=(_https("*:9443:hosting.example", 1),)),
        ),
        records=(
            _record(RecordKind.IPPORT, "0.0.0.0:8443", mine[0]),
            _record(RecordKind.HOSTNAMEPORT, "hosting.example:9443", hosting[0]),
        ),
        certificates=mine + hosting,
    )


def interface(authority: Authority, place: Place) -> HostState:
    """Return a Server 2016: no netsh update, a catch-all beside SNI, MY in capitals, CCS."""
    pair = _pair(authority, place, ("api.example", "fallback.example"))
    old, new = pair.imported("My", "Interface")
    # Autoenrollment archives what it renewed: the Cert: drive hides it, http.sys serves it on.
    certificates = (replace(old, archived=True), new)
    capital = replace(certificates[0], store="MY")
    central = _pair(authority, place, ("ccs.example",))
    file = stored(central.old, "")
    return HostState(
        facts=Facts(
            name=place.name,
            os_name="Windows Server 2016 Standard",
            build=14393,
            ubr=6709,
            powershell_version="5.1.14393.6709",
        ),
        sites=(
            Site(id=1, name="Fallback", bindings=(_https("*:8443:"),)),
            Site(id=2, name="Interface", bindings=(_https("*:8443:api.example", 5),)),
            Site(id=3, name="Central", bindings=(_https("*:9443:ccs.example", 3),)),
        ),
        records=(
            _record(RecordKind.IPPORT, "0.0.0.0:8443", capital),
            _record(RecordKind.HOSTNAMEPORT, "api.example:8443", capital),
            Record(kind=RecordKind.CCS, key="9443"),
        ),
        certificates=certificates,
        central={"ccs.example.pfx": file},
    )


def _http(information: str) -> Binding:
    return Binding(protocol="http", information=information)


def _pair(authority: Authority, place: Place, names: Sequence[str], lost: str = "") -> Pair:
    def request(kept: Sequence[str], begin: timedelta, end: timedelta) -> Request:
        return Request(
            subject=kept[0],
            names=tuple(kept),
            not_before=place.now + begin,
            not_after=place.now + end,
            template="WebServer",
        )

    day = timedelta(days=1)
    kept = [name for name in names if name != lost]
    return Pair(
        old=authority.issue(request(names, -335 * day, 30 * day)),
        new=authority.issue(request(kept, -day / 24, 365 * day)),
    )


def _record(
    kind: RecordKind, key: str, certificate: StoredCertificate, options: Options | None = None
) -> Record:
    return Record(
        kind=kind,
        key=key,
        thumbprint=certificate.thumbprint,
        store=certificate.store,
        appid=IIS_APPLICATION,
        options=options or Options(),
    )


def _https(information: str, flags: int = 0) -> Binding:
    return Binding(protocol="https", information=information, flags=flags)
