"""The five releases of Windows Server that psrebind claims, as the lab has them."""

from __future__ import annotations

from dataclasses import replace

from psrebind.lab.stage.lab import LabHost
from psrebind.lab.windows.http_sys import Options
from psrebind.lab.windows.state import HostState

# Before Windows 10 1703 there is no atomic update: a record is deleted and set again.
RELEASES = {
    "2012 R2": (9600, True),
    "2016": (14393, True),
    "2019": (17763, False),
    "2022": (20348, False),
    "2025": (26100, False),
}
# Client certificates with a CTL of the host's own, by words that every netsh knows.
CLIENTS = Options(
    check_mode=0x10007,
    revocation_freshness_time=3600,
    revocation_url_retrieval_timeout=15000,
    ctl_identifier="Partners",
    ctl_store_name="ClientAuthIssuer",
    flags=0x3,
)


def become(host: LabHost, release: str, options: Options = CLIENTS) -> None:
    """Let a host be of a release, with options on every record that has a certificate."""
    build, deletes_first = RELEASES[release]

    def change(now: HostState) -> HostState:
        known = replace(
            now.assumptions,
            add_ssl_certificate_deletes_first=deletes_first,
            rebind_ssl_certificate_deletes_first=deletes_first,
            add_resets_options=True,
            rebind_resets_options=True,
        )
        given = (replace(one, options=options) if one.thumbprint else one for one in now.records)
        facts = replace(now.facts, build=build)
        return replace(now, assumptions=known, facts=facts, records=tuple(given))

    host.host.change(change)
