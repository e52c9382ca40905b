"""Inventories for the tests of the fleet: from a file of tests/data, or from text."""

from __future__ import annotations

from pathlib import Path

import pytest

from psrebind.errors import InventoryError
from psrebind.fleet.inventory.file import parse_inventory
from psrebind.fleet.inventory.model import Inventory, InventoryHost

FOLDER = Path(__file__).parents[1] / "data" / "inventories"


def inventory_of(text: str, file: str = "hosts.ini") -> Inventory:
    """The inventory that a text is, its format told by the file's name."""
    return parse_inventory(text, file=file)


def host_of(text: str, file: str = "hosts.ini") -> InventoryHost:
    """The first host of a text."""
    return inventory_of(text, file).hosts[0]


def refusal(text: str, file: str = "hosts.ini") -> InventoryError:
    """The error that a text is refused with."""
    with pytest.raises(InventoryError) as caught:
        inventory_of(text, file)
    return caught.value
