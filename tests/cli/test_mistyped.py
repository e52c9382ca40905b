"""An old certificate that was typed wrong, one that is bound nowhere, and one that is not named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import Command
from cli.fifty_hosts import written
from labs import leave_out_site, remove_certificate, restored, sent, swap

from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab

WRONG_INPUT, UNREACHABLE = 5, 4


def mistyped(thumbprint: str) -> str:
    """A thumbprint with two digits in each other's place."""
    at = next(at for at in range(39) if thumbprint[at] != thumbprint[at + 1])
    return thumbprint[:at] + thumbprint[at + 1] + thumbprint[at] + thumbprint[at + 2 :]


@pytest.fixture
def three(lab: Lab, tmp_path: Path) -> str:
    """An inventory of the lab's hosts."""
    addresses = {name: host.address for name, host in lab.hosts.items()}
    return str(written(tmp_path, addresses, lab))


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--yes",), ("--method", "appcmd", "--yes")])
def test_a_digit_typed_wrong_is_wrong_input(
    as_admin: Command, lab: Lab, more: tuple[str, ...]
) -> None:
    """The nearest that the host has is named with its name; nothing is as if it were done."""
    one, host = swap(lab, "web02"), lab.hosts["web02"]
    old = mistyped(one.old)
    ran = as_admin("rebind", "--yes", host.address, "--old", old, "--new", one.new, *more)
    assert (ran.status, ran.out) == (WRONG_INPUT, "")
    assert f"has no certificate {old}, neither bound nor in a store" in ran.err
    assert f"the nearest is {one.old} (" in ran.err
    assert "nothing to change" not in ran.err


@pytest.mark.parametrize("more", [("--dry-run",), ("--yes",)])
def test_a_fleet_without_it_is_wrong_input(
    as_admin: Command, lab: Lab, three: str, more: tuple[str, ...]
) -> None:
    """It is said once, for all hosts, with the host that has the nearest."""
    one = swap(lab, "web02")
    old = mistyped(one.old)
    ran = as_admin("rebind", "--yes", "all", "-i", three, "--old", old, "--new", one.new, *more)
    assert ran.status == WRONG_INPUT
    said = "none of the 3 hosts that answered has the certificate"
    assert ran.err.count(said) == 1
    assert f"the nearest is {one.old} (" in ran.err
    assert "on web02" in ran.err


def test_one_host_of_a_fleet_is_enough(as_admin: Command, lab: Lab, three: str) -> None:
    """Hosts that lack the certificate have nothing to do, and no input is wrong."""
    one = swap(lab, "web02")
    words = ("--old", one.old, "--new", one.new, "--dry-run")
    ran = as_admin("rebind", "--yes", "all", "-i", three, *words)
    assert ran.status == 0
    assert "hosts that answered" not in ran.err


def test_a_host_that_is_lost_may_have_it(as_admin: Command, lab: Lab, three: str) -> None:
    """Who was not reached counts more than what the others lack."""
    one, host = swap(lab, "web02"), lab.hosts["web02"]
    host.faults.arm(NetworkFault.REFUSE, times=None)
    try:
        words = ("--old", one.old, "--new", one.new, "--dry-run")
        ran = as_admin("rebind", "--yes", "all", "-i", three, *words)
    finally:
        host.faults.disarm()
    assert ran.status == UNREACHABLE
    assert "none of the 2 hosts that answered has the certificate" in ran.err


def test_where_an_unbound_one_lies_is_said(as_admin: Command, lab: Lab) -> None:
    """Nothing to change is right where a store has it, and the store is named."""
    one = swap(lab, "web02")
    with restored(lab.hosts["web02"]) as host:
        host.host.change(lambda state: replace(state, sites=(), records=()))
        ran = as_admin("rebind", "--yes", host.address, "--old", one.old, "--new", one.new)
    assert (ran.status, ran.out) == (0, "")
    assert f"no binding has {one.old}, which is in the store {one.stores[0]}" in ran.err
    assert "nothing to change" in ran.err


def test_twice_is_once_where_the_old_one_was_deleted(as_admin: Command, lab: Lab) -> None:
    """A certificate that is bound nowhere because the new one is everywhere was not typed wrong."""
    one = swap(lab, "web02")
    with restored(lab.hosts["web02"]) as host:
        words = ("rebind", host.address, "--old", one.old, "--new", one.new, "--yes")
        assert as_admin(*words).status == 0
        remove_certificate(host, one.old)
        ran = as_admin(*words)
    assert ran.status == 0
    assert "done already" in ran.err


def test_a_record_without_a_binding_has_it_too(as_admin: Command, lab: Lab) -> None:
    """What only a stray record names is on the host."""
    one = swap(lab, "web02")
    with restored(lab.hosts["web02"]) as host:
        for site in host.host.state.sites:
            leave_out_site(host, site.name)
        remove_certificate(host, one.old)
        ran = as_admin("rebind", "--yes", host.address, "--old", one.old, "--new", one.new)
    assert ran.status == 0
    assert "has the old certificate and no binding" in ran.err


def test_without_old_replay_is_named(as_admin: Command, lab: Lab) -> None:
    """Whoever does not know what was replaced is told what finds it; nothing is sent."""
    host = lab.hosts["web02"]
    before = len(sent(host))
    ran = as_admin("rebind", "--yes", host.address, "--new", swap(lab, "web02").new)
    assert ran.status == WRONG_INPUT
    assert "--old" in ran.err
    assert "'psrebind replay' finds renewals by itself" in ran.err
    assert len(sent(host)) == before
