"""Inventories mean here what they mean to Ansible, for the keys that are understood."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fleet.inventories import FOLDER, inventory_of

from psrebind.fleet.connection_keys import KEYS
from psrebind.fleet.inventory.file import read_inventory
from psrebind.fleet.inventory.model import Inventory
from psrebind.model import Secret


@pytest.fixture
def ansible_list(tmp_path: Path) -> Callable[..., str]:
    """What `ansible-inventory --list` prints; skips where ansible-core does not install."""
    if importlib.util.find_spec("ansible") is None:
        pytest.skip("ansible-core is not installed: it may not support this Python yet")

    def ask(file: str, *options: str) -> str:
        own = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        settings = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ANSIBLE_LOCALHOST_WARNING": "0"}
        command = [sys.executable, "-m", "ansible", "inventory", "-i", str(FOLDER / file), "--list"]
        return subprocess.run(
            [*command, *options],
            env=own | settings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    return ask


def understood(variables: Any) -> dict[str, Any]:
    """The variables that psrebind understands, passwords in clear to be compared."""
    return {
        key: value.reveal() if isinstance(value, Secret) else value
        for key, value in variables.items()
        if key in KEYS
    }


def members(listed: dict[str, Any], group: str) -> set[str]:
    """The hosts of a group as Ansible lists it, those of its children among them."""
    entry = listed.get(group, {})
    below = (members(listed, child) for child in entry.get("children", []))
    return set(entry.get("hosts", [])).union(*below)


def filled_groups(inventory: Inventory) -> dict[str, set[str]]:
    """The groups that have hosts; Ansible does not list the others."""
    return {name: set(hosts) for name, hosts in inventory.groups.items() if hosts}


def assert_same(found: Inventory, wanted: Inventory) -> None:
    """The hosts, variables and groups of two inventories are the same, in any order."""
    ours, theirs = (
        {host.name: (understood(host.variables), host.groups) for host in each.hosts}
        for each in (found, wanted)
    )
    assert ours == theirs
    assert filled_groups(found) == filled_groups(wanted)


@pytest.mark.parametrize("file", ["hosts.yml", "hosts.ini", "beside/hosts"])
def test_hosts_groups_and_variables_are_those_of_ansible(
    file: str, ansible_list: Callable[..., str]
) -> None:
    """Each file gives the hosts, groups and understood variables that ansible-inventory prints, and
    so does what it prints."""
    text = ansible_list(file)
    listed = json.loads(text)
    hostvars = listed.pop("_meta")["hostvars"]
    inventory = read_inventory(FOLDER / file)
    ours = {host.name: understood(host.variables) for host in inventory.hosts}
    theirs = {name: understood(hostvars.get(name, {})) for name in members(listed, "all")}
    assert ours == theirs
    assert all(ours.values()), "a host without variables would compare nothing"
    assert filled_groups(inventory) == {name: members(listed, name) for name in listed}
    assert_same(inventory_of(text, "standard input"), inventory)


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("hosts.yml", ["--yaml"]),
        ("hosts.ini", ["--export"]),
        ("hosts.ini", ["--export", "--yaml"]),
        ("beside/hosts", ["--yaml"]),
    ],
)
def test_all_that_ansible_prints_is_an_inventory(
    file: str, options: list[str], ansible_list: Callable[..., str]
) -> None:
    """As YAML, and with the variables where they were set, a listing is what was listed."""
    printed = ansible_list(file, *options)
    assert_same(inventory_of(printed, "standard input"), read_inventory(FOLDER / file))
