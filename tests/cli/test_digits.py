"""Certificates by their first digits, wherever a command takes one."""

from __future__ import annotations

import json

import pytest
from cli.command_line import Command
from labs import network, restored, swap

from psrebind.errors import InvalidInput, ParameterError
from psrebind.lab.stage.lab import Lab
from psrebind.operations.parameters import parse_parameters, require_whole
from psrebind.operations.send_renewal_notice import SendRenewalNotice
from psrebind.thumbprints import first_digits, the_only

WEB01 = f"{network()}.11"
ONE, TWO = "AB" * 20, "AB" * 5 + "CD" * 15


def test_digits_are_taken_as_they_are_pasted() -> None:
    """With blanks, colons, lower case, and the mark behind them of psrebind's own messages."""
    assert first_digits("ab:ab ab:ab:1…") == "ABABABAB1"


@pytest.mark.parametrize("text", ["ABABABA", "ABABABAX", "A" * 41, ""])
def test_what_is_no_beginning_is_refused(text: str) -> None:
    """Fewer than eight digits name nothing for sure."""
    with pytest.raises(ParameterError, match="or the first 8 or more"):
        first_digits(text)


def test_digits_name_one_certificate_or_none() -> None:
    """What begins several is refused with what tells them apart; a whole one needs no look."""
    assert the_only("ABABABABABC", [ONE, TWO], "web01") == TWO
    assert the_only(ONE, [], "web01") == ONE
    with pytest.raises(InvalidInput, match=f"2 certificates of web01 begin .* {ONE} or {TWO}"):
        the_only("ABABABAB", [ONE, TWO], "web01")
    with pytest.raises(InvalidInput, match=r"no certificate of web01 begins with 99999999$"):
        the_only("99999999", [ONE, TWO], "web01")
    with pytest.raises(InvalidInput, match=f"begins with ABABABAC; the nearest is {ONE}$"):
        the_only("ABABABAC", [ONE, TWO], "web01")


@pytest.mark.parametrize("more", ["", ",web02.example"])
def test_rebind_takes_first_digits(as_admin: Command, lab: Lab, more: str) -> None:
    """The plan is that of the whole thumbprints, for a host that was named and in a fleet."""
    waiting = swap(lab, "web02")
    address = lab.hosts["web02"].address
    words = ("rebind", f"{address}{more}", "--address", address, "--dry-run", "-f", "json")
    whole = as_admin(*words, "--old", waiting.old, "--new", waiting.new)
    short = as_admin(*words, "--old", waiting.old[:8].lower(), "--new", f"{waiting.new[:8]}…")
    assert json.loads(whole.out) == json.loads(short.out)
    assert json.loads(short.out)[0]["after"] == waiting.new


def test_digits_that_name_nothing_send_no_change(as_admin: Command) -> None:
    """Wrong input, with the host's name."""
    ran = as_admin("rebind", WEB01, "--old", "0" * 8, "--new", "1" * 8, "--yes")
    assert (ran.status, ran.out) == (5, "")
    assert f"no certificate of {WEB01} begins with 00000000" in ran.err


def test_a_host_of_many_may_lack_the_old_one(as_admin: Command, lab: Lab) -> None:
    """There is nothing to do then, as with the whole thumbprint; where no host has it, 5."""
    waiting = swap(lab, "web02")
    both = f"{WEB01},{lab.hosts['web02'].address}"
    words = ("rebind", both, "--dry-run", "--new", waiting.new[:8], "--old")
    ran = as_admin(*words, waiting.old[:8])
    assert ran.status == 0
    assert f"1 host unchanged: {WEB01}: no certificate of" in ran.err
    assert as_admin(*words, "00000000").status == 5


def test_notify_takes_first_digits(as_admin: Command, lab: Lab) -> None:
    """The event names both certificates whole, and is found by the first digits of either."""
    with restored(lab.hosts["web02"]) as host:
        as_admin("task", "enable", "--yes", host.address, "--method", "notification")
        waiting = swap(lab, "web02")
        words = ("--old", waiting.old[:8], "--new", waiting.new[:8])
        ran = as_admin("notify", "--yes", host.address, *words, "-f", "json")
        (row,) = json.loads(ran.out)
        found = as_admin(
            "events", host.address, "--id", "1001", "--thumbprint", waiting.new[:9], "-f", "jsonl"
        )
        events = [json.loads(line) for line in found.out.splitlines()]
        assert row["record"] in [one["record_id"] for one in events]
        assert {one["new"]["thumbprint"] for one in events} == {waiting.new}
        nothing = as_admin("events", host.address, "--thumbprint", "00000000", "-f", "json")
        assert (nothing.status, json.loads(nothing.out)) == (0, [])


def test_invoke_takes_first_digits(as_admin: Command, lab: Lab) -> None:
    """An operation by hand is filled on each host; a script that is printed needs all digits."""
    with restored(lab.hosts["web02"]) as host:
        as_admin("task", "enable", "--yes", host.address, "--method", "notification")
        waiting = swap(lab, "web02")
        digits = (f"old={waiting.old[:8]}", f"new={waiting.new[:9].lower()}")
        words = ("invoke", "send_renewal_notice", host.address, *digits, "--yes", "-f", "json")
        (row,) = json.loads(as_admin(*words).out)
        assert row["record"]
        none = as_admin("invoke", "send_renewal_notice", host.address, "old=00000000", digits[1])
        assert none.status == 5
        with pytest.raises(ParameterError, match="is not a whole thumbprint"):
            require_whole(parse_parameters(SendRenewalNotice, digits))


def test_a_new_one_that_a_host_lacks_is_wrong_input(as_admin: Command, lab: Lab) -> None:
    """Of many hosts, too: the host has the old certificate, and nothing to put in its place."""
    waiting = swap(lab, "web02")
    both = f"{WEB01},{lab.hosts['web02'].address}"
    words = ("--old", waiting.old[:8], "--new", "0" * 8, "--dry-run")
    ran = as_admin("rebind", both, *words)
    assert ran.status == 5
    assert "1 host skipped" in ran.err
