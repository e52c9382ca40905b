"""Choosing hosts: targets, limits, exclusions, and one machine under two names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fleet.inventories import inventory_of

from psrebind.errors import InventoryError
from psrebind.fleet.selection import read_terms, select

INVENTORY = inventory_of(
    """
[web]
web01.example.com
WEB02.example.com
[database]
sql01.example.com
[empty]
[linux]
tux ansible_connection=ssh
[production:children]
web
database
"""
)
WEB = ["web01.example.com", "WEB02.example.com"]
PRODUCTION = [*WEB, "sql01.example.com"]


def names(target: str, **words: Any) -> list[str]:
    """The names that a target selects."""
    return [host.name for host in select(INVENTORY, target, **words)]


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("web01.example.com", WEB[:1]),
        ("web02.EXAMPLE.com", WEB[1:]),
        ("web*", WEB),
        ("web0[12].example.com", WEB),
        ("web", WEB),
        ("Production", PRODUCTION),
        ("database, web01.example.com", ["sql01.example.com", WEB[0]]),
        ("web,web01.example.com", WEB),
        ("prod*", PRODUCTION),
        ("localhost", ["localhost"]),
    ],
)
def test_a_target_names_hosts_and_groups(target: str, wanted: list[str]) -> None:
    """Names, globs, groups and lists of them select hosts, each once, whatever the case."""
    assert names(target) == wanted


def test_limits_and_exclusions() -> None:
    """`limit` keeps what any of its words names; `exclude` drops what any of its words names."""
    assert names("production", limit=("web",)) == WEB
    assert names("production", limit=("web01*", "database")) == [WEB[0], "sql01.example.com"]
    assert names("all", exclude=("linux", "web02*")) == [WEB[0], "sql01.example.com"]
    assert names("all", limit=("production",), exclude=("web",)) == ["sql01.example.com"]


@pytest.mark.parametrize(
    ("target", "words", "reason"),
    [
        ("web03.example.com", {}, "near it: .*web01.example.com"),
        ("databse", {}, "near it: database"),
        ("xyz*", {}, "names no host"),
        ("web", {"limit": ("wbe",)}, "near it: web"),
        ("web", {"exclude": ("web03.example.com",)}, "near it"),
        ("web", {"exclude": ("production",)}, "is left"),
        ("web", {"limit": ("database",)}, "is left"),
        ("empty", {}, "has no hosts"),
        (" , ", {}, "no target"),
    ],
)
def test_a_word_that_names_nothing_is_refused(
    target: str, words: dict[str, tuple[str, ...]], reason: str
) -> None:
    """A slip in a target, a limit or an exclusion is told, with what is near."""
    with pytest.raises(InventoryError, match=reason):
        names(target, **words)


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("web1", "web01, web10, web11"),
        ("web04", "web01, web02, web03"),
        ("wbe02", "web02, web01, web03"),
        ("db", "db01"),
    ],
)
def test_the_nearest_comes_first(typed: str, near: str) -> None:
    """At most three names, and of those that are as near the first in order."""
    text = "\n".join(["web03", "web10", "web02", "web11", "web01", "db01", "mail"])
    with pytest.raises(InventoryError, match=f"; near it: {near}$"):
        select(inventory_of(text, "a.txt"), typed)


def test_a_host_of_another_connection_is_refused_when_selected() -> None:
    """A Linux host may stand in the inventory, and is refused with its line once it is chosen."""
    with pytest.raises(InventoryError, match=r"hosts\.ini:9: ansible_connection: tux") as caught:
        names("all")
    assert caught.value.line == 9


def test_without_an_inventory_the_target_is_the_host() -> None:
    """Names and addresses stand for themselves; what chooses from an inventory is refused."""
    assert [host.name for host in select(None, "web01,10.0.0.7")] == ["web01", "10.0.0.7"]
    assert [host.name for host in select(None, "a,b", exclude=["a"])] == ["b"]
    for target in ("all", "web*", "web[01:03]"):
        with pytest.raises(InventoryError, match="none was given"):
            select(None, target)
    with pytest.raises(InventoryError, match="not the name"):
        select(None, "https://web01")


MACHINES = inventory_of(
    """
shop ansible_host=10.0.0.1
www ansible_host=10.0.0.1
old ansible_host=10.0.0.1 ansible_psrp_port=5985
two ansible_host=10.0.0.1 ansible_port=5986
six ansible_host=2001:DB8:0:0::7
seven ansible_host=2001:db8::7
cms ansible_psrp_host=www.mgmt.example
"""
)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("10.0.0.1", ["shop", "two"]),
        ("2001:db8:0:0:0:0:0:7", ["six"]),
        ("2001:DB8::7", ["six"]),
        ("WWW.mgmt.example.", ["cms"]),
    ],
)
def test_an_address_finds_its_hosts(word: str, wanted: list[str], tmp_path: Path) -> None:
    """As target, limit, exclusion or in a file: what is connected to is a name of the host."""
    file = tmp_path / "hosts.txt"
    file.write_text(f"{word}\n", "utf-8")
    for found in (
        select(MACHINES, word),
        select(MACHINES, "all", limit=[word]),
        select(MACHINES, "all", limit=read_terms(file)),
    ):
        assert [host.name for host in found] == wanted
    left = {host.name for host in select(MACHINES, "all", exclude=[word])}
    assert left == {"shop", "two", "six", "cms"} - set(wanted)


def test_a_glob_finds_names_only() -> None:
    """Addresses that a glob fits do not widen a target."""
    with pytest.raises(InventoryError, match="names no host"):
        select(MACHINES, "10.0.0.*")


def test_one_machine_is_taken_once() -> None:
    """Hosts with one address and port are one: the first name stays and tells the others."""
    found = select(MACHINES, "shop,www,old,two,six,seven")
    assert [(host.name, host.also_named) for host in found] == [
        ("shop", ("www", "old")),
        ("two", ()),
        ("six", ("seven",)),
    ]
    same_port = select(MACHINES, "shop,two", given={"port": 5986})
    assert [host.also_named for host in same_port] == [("two",)]


def test_an_excluded_machine_is_not_met_by_another_name() -> None:
    """Excluding one name of a machine excludes the machine."""
    assert [host.name for host in select(MACHINES, "www,two", exclude=["shop"])] == ["two"]


def test_a_file_of_hosts_limits_with_its_own_lines(tmp_path: Path) -> None:
    """Names of a file choose like words, and one that names nothing is told with its line."""
    file = tmp_path / "failed.txt"
    file.write_text("# of the last run\nweb01.example.com\n")
    assert names("all", limit=read_terms(file)) == WEB[:1]
    file.write_text("web01.example.com\nweb99\n")
    with pytest.raises(InventoryError, match=r"failed\.txt:2: 'web99' names no host"):
        names("all", limit=read_terms(file))
    file.write_text("#\n")
    with pytest.raises(InventoryError, match="no names"):
        read_terms(file)
