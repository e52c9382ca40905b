"""An inventory once it was read: hosts, groups, variables, and where in the file each stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psrebind.errors import InventoryError

# What turns any inventory of Ansible's into one that psrebind reads.
COMMAND = "ansible-inventory --list"


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file, the first is 1; without a line the whole file is meant.

    `word` is what the file calls the variable there, where that is not its key: a column's name.
    """

    file: str
    line: int | None = None
    word: str | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def error(self, reason: str, *, key: str | None = None) -> InventoryError:
        """An error that names this location."""
        key = self.word or key if key else None
        return InventoryError(reason, file=self.file, line=self.line, key=key)


@dataclass(frozen=True)
class InventoryNotice:
    """Something in the inventory that is accepted and should be known."""

    location: Location
    sentence: str

    def __str__(self) -> str:
        return f"{self.location}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of a variable and where it was set."""

    value: Any
    location: Location


Settings = Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class InventoryHost:
    """One host with the variables that psrebind understands.

    `groups` has all groups that the host is in, by name, without ``all``. `also_named` has the
    other names of the same machine that were selected with it.
    """

    name: str
    settings: Settings = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    location: Location | None = None
    also_named: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, Any]:
        """The values of the variables."""
        return {key: setting.value for key, setting in self.settings.items()}

    def value(self, key: str) -> Any:
        """The value of one variable; None where it is not set."""
        setting = self.settings.get(key)
        return setting.value if setting else None

    def error(self, reason: str, *, key: str | None = None) -> InventoryError:
        """An error about this host, or one of its variables, that names the line of the file."""
        setting = self.settings.get(key) if key else None
        location = setting.location if setting else self.location
        if location is None:
            return InventoryError(f"{self.name}: {reason}", key=key)
        return location.error(f"{self.name}: {reason}", key=key)


@dataclass(frozen=True)
class Inventory:
    """Hosts in the order of the file; `groups` has the names of the hosts of each group."""

    file: str
    hosts: tuple[InventoryHost, ...]
    groups: Mapping[str, tuple[str, ...]]
    notices: tuple[InventoryNotice, ...] = ()
