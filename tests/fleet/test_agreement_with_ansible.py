"""Inventories mean here what they mean to Ansible, for the keys that are understood."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fleet.inventories import FOLDER, inventory_of

from psrebind.fleet.inventory.file import read_inventory
from psrebind.fleet.inventory.model import Inventory
from psrebind.model import Secret


def hosts_of(inventory: Inventory) -> dict[str, dict[str, Any]]:
    """Variables and groups of each host, passwords in clear to be compared."""
    found = {host.name: {**host.variables, "groups": host.groups} for host in inventory.hosts}
    for variables in found.values():
        for key, value in variables.items():
            variables[key] = value.reveal() if isinstance(value, Secret) else value
    return found


@pytest.mark.skipif(
    find_spec("ansible") is None,
    reason="ansible-core is not installed: it may not support this Python yet",
)
@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("hosts.yml", []),
        ("hosts.yml", ["--yaml"]),
        ("hosts.ini", []),
        ("hosts.ini", ["--export"]),
        ("hosts.ini", ["--export", "--yaml"]),
        ("beside/hosts", []),
        ("beside/hosts", ["--yaml"]),
    ],
)
def test_what_ansible_prints_of_an_inventory_is_that_inventory(
    file: str, options: list[str], tmp_path: Path
) -> None:
    """Hosts, groups and variables are the same, whether Ansible or psrebind spreads them."""
    own = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    settings = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ANSIBLE_LOCALHOST_WARNING": "0"}
    path = str(FOLDER / file)
    command = [sys.executable, "-m", "ansible", "inventory", "-i", path, "--list", *options]
    ran = subprocess.run(
        command, env=own | settings, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    printed = inventory_of(ran.stdout, "standard input")
    ours = read_inventory(FOLDER / file)
    assert hosts_of(printed) == hosts_of(ours)
    assert all(host.variables for host in ours.hosts), "nothing would be compared"
    for group, names in ours.groups.items():
        assert set(printed.groups.get(group, ())) == set(names)
