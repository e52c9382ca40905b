"""Where a rebind knocks: at the binding that it changes, and at no other of the host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from labs import rebound, restored, swap

from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.lab.windows.http_sys import Record, RecordKind, record_place
from psrebind.lab.windows.state import Binding, HostState, Site
from psrebind.rebind.lines import applied_lines
from psrebind.rebind.verify import Check, Verdict


def add_site(host: LabHost, information: str, flags: int, thumbprint: str) -> None:
    """Give a host one more site, whose binding has a certificate of My."""
    kind, key = record_place(information, flags)
    record = Record(kind=kind, key=key, thumbprint=thumbprint, store="My")

    def change(state: HostState) -> HostState:
        binding = Binding(protocol="https", information=information, flags=flags)
        site = Site(id=70 + len(state.sites), name=information, bindings=(binding,))
        return replace(state, sites=(*state.sites, site), records=(*state.records, record))

    host.host.change(change)


def check_of(lab: Lab, information: str, folder: Path) -> Check:
    """Rebind web02, and give what was seen of one of its bindings."""
    found = rebound(lab, "web02", folder)
    checks = (check for step in found.steps for check in step.checks)
    return next(check for check in checks if check.place.information == information)


def test_a_wildcard_beside_a_name(lab: Lab, hosts: dict[str, LabHost], tmp_path: Path) -> None:
    """The binding of a name below the wildcard is not taken for the wildcard's."""
    waiting = swap(lab, "web02")
    add_site(hosts["web02"], "*:8443:*.wild.example", 1, waiting.old)
    add_site(hosts["web02"], "*:8443:www.wild.example", 1, waiting.new)
    check = check_of(lab, "*:8443:*.wild.example", tmp_path)
    assert check.after
    seen = (check.before.thumbprint, check.after.thumbprint)
    assert (seen, check.verdict) == ((waiting.old, waiting.new), Verdict.VERIFIED)


def test_an_address_that_is_any(lab: Lab, hosts: dict[str, LabHost], tmp_path: Path) -> None:
    """A binding on [::] is knocked at on the host, not on the machine that asks; what is for IPv6
    alone does not answer IPv4, and is not vouched for."""
    waiting = swap(lab, "web02")
    add_site(hosts["web02"], "[::]:8449:", 0, waiting.old)
    check = check_of(lab, "[::]:8449:", tmp_path)
    assert check.endpoint.address == hosts["web02"].address
    assert (check.before.thumbprint, check.verdict) == (None, Verdict.UNVERIFIED)


def add_record(host: LabHost, place: str, thumbprint: str) -> None:
    """Leave a record of an address and port that no binding has."""
    stray = Record(kind=RecordKind.IPPORT, key=place, thumbprint=thumbprint, store="My")
    host.host.change(lambda state: replace(state, records=(*state.records, stray)))


OTHER_ADDRESS = ".77"


@pytest.mark.parametrize(
    ("has", "verdict", "status"), [("old", Verdict.PENDING, 3), ("new", Verdict.VERIFIED, 0)]
)
def test_a_left_over_of_one_address(
    lab: Lab,
    hosts: dict[str, LabHost],
    tmp_path: Path,
    *,
    has: str,
    verdict: Verdict,
    status: int,
) -> None:
    """Clients of that address get the left-over's certificate: the binding is not called verified,
    and the record in the way is named."""
    host, waiting = hosts["web02"], swap(lab, "web02")
    other = f"{host.address.rpartition('.')[0]}{OTHER_ADDRESS}"
    add_record(host, f"{other}:8443", waiting.old if has == "old" else waiting.new)
    found = rebound(lab, "web02", tmp_path)
    assert found.exit_status == status
    (step,) = (one for one in found.steps if one.step.target == "ipport=0.0.0.0:8443")
    assert [one.verdict for one in step.checks] == [verdict, verdict]
    lines = [one for one in applied_lines(found) if one.binding.startswith("*:8443:")]
    assert len(lines) == 2
    for line in lines:
        assert (line.served_after and line.served_after.thumbprint) == waiting.new
        said = f"at {other} {waiting.old[:8]}… is served: the record ipport={other}:8443"
        assert (said in (line.reason or "")) is (has == "old")


def test_a_record_of_one_address_beside_a_name(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path
) -> None:
    """Beside SNI the handshake tells whether the address's record answers first."""
    host, waiting = hosts["web01"], swap(lab, "web01")
    other = f"{host.address.rpartition('.')[0]}{OTHER_ADDRESS}"
    add_record(host, f"{other}:8443", waiting.old)
    for shadows, verdict in ((True, Verdict.PENDING), (False, Verdict.VERIFIED)):
        with restored(host):
            assume(host.host, "ip_port_record_shadows_sni", shadows)
            found = rebound(lab, "web01", tmp_path)
            (shop,) = (one for one in found.steps if one.step.places[0].site == "Shop")
            assert shop.verdict is verdict
