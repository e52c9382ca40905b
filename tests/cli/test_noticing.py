"""The command notify: what the tasks at an event would not ask is asked before it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cli.command_line import Command, Ran
from labs import change_certificate, restored, swap

from psrebind.lab.stage import renewals
from psrebind.lab.stage.lab import Lab, LabHost

REFUSED = 3


def events(host: LabHost) -> list[int]:
    """The ids of the events in a host's log."""
    return [one.id for one in host.host.state.channels[0].events]


def only(ran: Ran) -> dict[str, object]:
    """The one row of an answer in JSON."""
    (row,) = json.loads(ran.out)
    found: dict[str, object] = row
    return found


def test_a_lost_name_is_not_announced(as_admin: Command, lab: Lab) -> None:
    """The task would put the certificate on the site whose name it lacks; --force insists."""
    with restored(lab.hosts["web01"]) as host:
        one = swap(lab, "web01")
        words = ("notify", host.address, "--yes", "--old", one.old, "--new", one.new, "-f", "json")
        ran = as_admin(*words)
        assert ran.status == REFUSED
        row = only(ran)
        assert (row["outcome"], row["rule"], row["site"]) == ("refused", "loses-name", "Legacy")
        assert "no event was raised" in ran.err
        assert "--force" in ran.err
        assert events(host) == []
        insisted = as_admin(*words, "--force")
        assert (insisted.status, only(insisted)["outcome"]) == (0, "raised")
        assert "in spite of loses-name: *:8443:legacy.example of Legacy" in insisted.err
        assert events(host) == [1001]


@pytest.mark.parametrize("bound", [True, False])
def test_a_certificate_without_a_key_is_not_announced(
    as_admin: Command, lab: Lab, bound: bool
) -> None:
    """Nothing can serve it, whether IIS has the old one now or another program does."""
    with restored(lab.hosts["web01"]) as host:
        old = swap(lab, "web01").old
        new = renewals.import_certificate(host.host, lab.scenario.authority, like=old)
        change_certificate(host, new, key_linked=False)
        if not bound:
            host.host.change(lambda state: replace(state, sites=(), records=()))
        before = events(host)
        ran = as_admin("notify", host.address, "--yes", "--old", old, "--new", new)
        assert ran.status == REFUSED
        assert f"no-key: {new} in the store My has no private key" in ran.out
        assert events(host) == before


def test_stores_are_told(as_admin: Command, lab: Lab) -> None:
    """A certificate outside of My is found, and where it lies is said."""
    with restored(lab.hosts["web01"]) as host:
        old = swap(lab, "web01").old
        new = renewals.import_certificate(host.host, lab.scenario.authority, like=old)
        host.host.change(lambda state: replace(state, sites=(), records=()))
        change_certificate(host, new, store="WebHosting")
        ran = as_admin("notify", host.address, "--yes", "--old", old, "--new", new)
        assert ran.status == 0
        assert "the old certificate is in My, the new one in WebHosting" in ran.err


def test_a_host_without_iis_can_be_told(as_admin: Command, lab: Lab) -> None:
    """A notice needs no IIS: other programs' scripts may wait for it."""
    with restored(lab.hosts["web01"]) as host:
        one = swap(lab, "web01")
        new = renewals.import_certificate(host.host, lab.scenario.authority, like=one.old)
        facts = replace(host.host.facts, modules=("ScheduledTasks", "PKI"), iis_version=None)
        host.host.change(lambda state: replace(state, facts=facts))
        words = ("notify", host.address, "--yes", "--old", one.old)
        assert as_admin(*words, "--new", new).status == 0
        assert as_admin(*words, "--new", one.new).status == REFUSED
