"""Where a rebind knocks: at the binding that it changes, and at no other of the host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labs import rebound, swap

from psrebind.lab.httpsys import Record, record_place
from psrebind.lab.runtime import Lab, LabHost
from psrebind.lab.state import Binding, HostState, Site
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
    return next(check for check in checks if check.binding.information == information)


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
    """A binding on [::] is knocked at on the host, not on the machine that asks."""
    waiting = swap(lab, "web02")
    add_site(hosts["web02"], "[::]:8449:", 0, waiting.old)
    check = check_of(lab, "[::]:8449:", tmp_path)
    assert check.endpoint.address == hosts["web02"].address
    assert (check.before.thumbprint, check.verdict) == (waiting.old, Verdict.VERIFIED)
