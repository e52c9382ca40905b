"""Inventories mean here what they mean to Ansible, for the keys that are understood."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fleet.inventories import FOLDER, inventory_of

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


def hosts_of(inventory: Inventory) -> dict[str, tuple[tuple[str, ...], dict[str, Any]]]:
    """Groups and variables of each host, passwords in clear to be compared."""
    return {
        host.name: (
            host.groups,
            {
                key: value.reveal() if isinstance(value, Secret) else value
                for key, value in host.variables.items()
            },
        )
        for host in inventory.hosts
    }


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
    file: str, options: list[str], ansible_list: Callable[..., str]
) -> None:
    """Hosts, groups and variables are the same, whether Ansible or psrebind spreads them."""
    printed = inventory_of(ansible_list(file, *options), "standard input")
    ours = read_inventory(FOLDER / file)
    assert hosts_of(printed) == hosts_of(ours)
    assert all(host.variables for host in ours.hosts), "nothing would be compared"
    for group, names in ours.groups.items():
        assert set(printed.groups.get(group, ())) == set(names)
