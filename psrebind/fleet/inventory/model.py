"""What an inventory is once it was read: hosts, groups, variables, and where each stood.

Frozen data; reads nothing, and knows no file format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psrebind.errors import InventoryError

# What turns any inventory of Ansible's into one that psrebind reads.
COMMAND = "ansible-inventory --list --yaml"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, the first is 1; without a line the whole file is meant.

    `word` is what the file calls the variable there, where that is not its key: a column's name.
    """

    file: str
    line: int | None = None
    word: str | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def error(self, reason: str, *, key: str | None = None) -> InventoryError:
        """An error that names this place."""
        return InventoryError(
            reason, file=self.file, line=self.line, key=(key and self.word) or key
        )


@dataclass(frozen=True)
class Notice:
    """Something in the inventory that is accepted and should be known."""

    place: Place
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class InventoryHost:
    """One host with the variables that psrebind understands; `places` says where each was set.

    `groups` has all groups that the host is in, by name, without ``all``. `also_named` has the
    other names of the same machine that were selected with it.
    """

    name: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    source: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    also_named: tuple[str, ...] = ()

    def error(self, reason: str, *, key: str | None = None) -> InventoryError:
        """An error about this host, or one of its variables, that names the place in the file."""
        place = self.places.get(key) if key else None
        place = place or self.source
        if place is None:
            return InventoryError(f"{self.name}: {reason}", key=key)
        return place.error(f"{self.name}: {reason}", key=key)


@dataclass(frozen=True)
class Inventory:
    """Hosts in the order of the file; `groups` has the names of the hosts of each group."""

    file: str
    hosts: tuple[InventoryHost, ...]
    groups: Mapping[str, tuple[str, ...]]
    notices: tuple[Notice, ...] = ()
