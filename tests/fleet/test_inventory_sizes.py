"""Inventories of many hosts, and files that stand for more than anybody has."""

from __future__ import annotations

import json
import sys
from itertools import count

import pytest
from fleet.inventories import inventory_of, refusal

from psrebind.fleet.inventory.precedence import MOST_HOSTS, MOST_STEPS, NAME

MANY = 200_000


def test_two_hundred_thousand_hosts_are_an_inventory() -> None:
    """Each has its groups' variables, and those that all have alike are kept once."""
    found = inventory_of(f"[all:vars]\nansible_user=admin\n[web]\nweb[000000:{MANY - 1}]\n")
    assert len(found.hosts) == len(found.groups["web"]) == MANY
    assert found.hosts[-1].name == "web199999"
    assert found.hosts[0].variables == {"ansible_user": "admin"}
    assert found.hosts[0].settings is found.hosts[-1].settings


def listing(number: int) -> str:
    """JSON of so many hosts."""
    names = [f"web{each:06}" for each in range(number)]
    return json.dumps({"_meta": {"hostvars": {}}, "web": {"hosts": names}}, indent=0)


def test_as_many_hosts_of_ansible_s_json_are_an_inventory() -> None:
    """A list of them has the bound that hosts have, and each its line."""
    found = inventory_of(listing(MANY))
    assert len(found.hosts) == MANY
    assert found.hosts[-1].location.line == MANY + 6
    error = refusal(listing(MOST_HOSTS + 1))
    assert error.reason == "more than 250,000 entries"


def groups_of_their_own(number: int) -> str:
    """So many groups, each with a host of its own."""
    return "".join(f"[group{each}]\nhost{each}\n" for each in range(number))


def below_all_parents(parents: int, hosts: int) -> str:
    """Hosts that are each in a group of its own, and all in every one of the parents."""
    lines = [f"[parent{each}:children]\nmiddle" for each in range(parents)]
    lines += ["[middle:children]", *(f"group{each}" for each in range(hosts))]
    return "\n".join(lines) + "\n" + groups_of_their_own(hosts)


def lines_run(text: str) -> int:
    """How many lines of Python the reading of an INI file runs, loops in one line included."""
    steps = count()
    before = sys.gettrace()

    def trace(*_: object) -> object:
        next(steps)
        return trace

    sys.settrace(trace)
    try:
        inventory_of(text)
    finally:
        sys.settrace(before)
    return next(steps)


def test_twice_the_groups_are_twice_the_work() -> None:
    """The reading of hosts that have nothing in common does not look at every group for each."""
    assert lines_run(groups_of_their_own(1000)) < 2.5 * lines_run(groups_of_their_own(500))


@pytest.mark.parametrize(
    "text",
    [
        "w[1:10000] " + "ansible_port=1 " * (MOST_STEPS // 10_000),
        below_all_parents(2000, MOST_STEPS // 4000),
        "w[1:200000]\n" * (MOST_STEPS // NAME // 200_000 + 1),
    ],
    ids=["variables of ranges", "groups in groups", "ranges"],
)
def test_what_a_short_file_stands_for_has_a_bound(text: str) -> None:
    """A few lines that stand for millions are refused by their line, and what to do is said."""
    error = refusal(text)
    assert error.reason.startswith("more names and variables of hosts, inherited ones included,")
    assert error.reason.endswith("split it")
    assert error.line


def test_a_host_too_many_is_told() -> None:
    """The number of hosts has a bound of its own."""
    error = refusal(f"a\nw[1:{MOST_HOSTS}]\n", "a.txt")
    assert error.reason == "more than 250,000 hosts: split the inventory"
    assert error.line == 2
