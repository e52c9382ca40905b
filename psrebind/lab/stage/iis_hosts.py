"""The first three hosts of the demo: what each has bound, and where each renewal is difficult."""

from __future__ import annotations

from dataclasses import replace

from psrebind.lab.stage.host_parts import HostSetup, http, https, issue_pair, record
from psrebind.lab.windows.certificate_authority import Authority
from psrebind.lab.windows.certificate_stores import stored
from psrebind.lab.windows.http_sys import Options, Record, RecordKind
from psrebind.lab.windows.state import Facts, HostState, Site

CLIENT_CERTIFICATES = Options(
    check_mode=1,
    revocation_url_retrieval_timeout=15000,
    ctl_store_name="ClientAuthIssuer",
    flags=3,
)


def shop(authority: Authority, setup: HostSetup) -> HostState:
    """Return a Server 2022: SNI, an IDN, a name that gets lost, and client certificates."""
    names = ("shop.example", "münchen.example", "intranet.example", "legacy.example")
    pair = issue_pair(authority, setup, names, lost="legacy.example")
    certificates = pair.imported("My", "Shop")
    old = certificates[0]
    own = f"{setup.second_address}:8443"
    sni = RecordKind.HOSTNAMEPORT
    return HostState(
        facts=Facts(name=setup.name),
        sites=(
            Site(id=1, name="Default Web Site", bindings=(http("*:8080:"),)),
            Site(id=2, name="Shop", bindings=(https("*:8443:shop.example", 1),)),
            Site(id=3, name="München", bindings=(https("*:8443:münchen.example", 1),)),
            Site(id=4, name="Legacy", bindings=(https("*:8443:legacy.example", 1),)),
            Site(id=5, name="Intranet", bindings=(https(f"{own}:intranet.example"),)),
        ),
        records=(
            record(sni, "shop.example:8443", old),
            record(sni, "münchen.example:8443", old),
            record(sni, "legacy.example:8443", old),
            record(RecordKind.IPPORT, own, old, CLIENT_CERTIFICATES),
        ),
        certificates=certificates,
    )


def partners(authority: Authority, setup: HostSetup) -> HostState:
    """Return a German Server 2019: two sites on one ip:port, and the WebHosting store."""
    names = ("kunden.example", "partner.example", "hosting.example")
    pair = issue_pair(authority, setup, names)
    mine = pair.imported("My", "Kundenportal")
    hosting = pair.imported("WebHosting", "Kundenportal")
    return HostState(
        facts=Facts(
            name=setup.name,
            os_name="Windows Server 2019 Standard",
            build=17763,
            ubr=5458,
            powershell_version="5.1.17763.5458",
            ui_culture="de-DE",
        ),
        sites=(
            Site(id=1, name="Kunden", bindings=(https("*:8443:kunden.example"),)),
            Site(id=2, name="Partner", bindings=(https("*:8443:partner.example"),)),
            Site(id=3, name="Hosting", bindings=(https("*:9443:hosting.example", 1),)),
        ),
        records=(
            record(RecordKind.IPPORT, "0.0.0.0:8443", mine[0]),
            record(RecordKind.HOSTNAMEPORT, "hosting.example:9443", hosting[0]),
        ),
        certificates=mine + hosting,
    )


def interface(authority: Authority, setup: HostSetup) -> HostState:
    """Return a Server 2016: no netsh update, a catch-all beside SNI, MY in capitals, CCS."""
    pair = issue_pair(authority, setup, ("api.example", "fallback.example"))
    old, new = pair.imported("My", "Interface")
    # Autoenrollment archives what it renewed: the Cert: drive hides it, http.sys serves it on.
    certificates = (replace(old, archived=True), new)
    capital = replace(certificates[0], store="MY")
    central = issue_pair(authority, setup, ("ccs.example",))
    file = stored(central.old, "")
    return HostState(
        facts=Facts(
            name=setup.name,
            os_name="Windows Server 2016 Standard",
            build=14393,
            ubr=6709,
            powershell_version="5.1.14393.6709",
        ),
        sites=(
            Site(id=1, name="Fallback", bindings=(https("*:8443:"),)),
            Site(id=2, name="Interface", bindings=(https("*:8443:api.example", 5),)),
            Site(id=3, name="Central", bindings=(https("*:9443:ccs.example", 3),)),
        ),
        records=(
            record(RecordKind.IPPORT, "0.0.0.0:8443", capital),
            record(RecordKind.HOSTNAMEPORT, "api.example:8443", capital),
            Record(kind=RecordKind.CCS, key="9443"),
        ),
        certificates=certificates,
        central={"ccs.example.pfx": file},
    )
