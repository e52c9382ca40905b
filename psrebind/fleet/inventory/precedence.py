"""Who wins in an inventory: groups in their order, and of each host the variables that count.

Knows Ansible's precedence, and how much a file may stand for; knows no file format.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psrebind.fleet.inventory.model import InventoryHost, Place

MOST_HOSTS = 250_000
# What is kept or looked at for hosts, inherited or not. A few lines of ranges, or of groups in
# groups, must not keep the reader for minutes, nor fill the memory.
MOST_STEPS = 16_000_000
# To read and check a name takes as long as so many steps.
NAME = 8
DEEPEST_GROUPS = 50


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of a variable and where it was set."""

    value: Any
    place: Place


Settings = dict[str, Setting]
# What the folders group_vars and host_vars say of one group or host.
Beside = Callable[[str], Mapping[str, Setting]]


@dataclass
class Group:
    """A group while the file is read; `parents` says where each was named."""

    place: Place
    settings: Settings = field(default_factory=dict)
    parents: dict[str, Place] = field(default_factory=dict)
    priority: int = 1
    depth: int = 0


@dataclass(slots=True)
class Host:
    """A host while the file is read, with the groups that name it."""

    place: Place
    settings: Settings = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)


@dataclass
class Steps:
    """How much of its bound a file has used up."""

    taken: int = 0

    def take(self, count: int, place: Place) -> None:
        """Count what is about to be done; raise where a file stands for too much."""
        self.taken += count
        if self.taken > MOST_STEPS:
            raise place.error(
                "more names and variables of hosts, inherited ones included, than are read of one "
                "inventory: split it"
            )


@dataclass(frozen=True)
class _Inherited:
    """What hosts have in common that stand in the same groups."""

    groups: tuple[str, ...]
    settings: Settings
    variables: Mapping[str, Any]
    places: Mapping[str, Place]


class Settling:
    """Gives each host its groups and variables, once everything was read."""

    def __init__(self, groups: dict[str, Group], beside: Beside, steps: Steps) -> None:
        self.groups = groups
        self._steps = steps
        order = self._sorted_groups()
        self._rank = {name: at for at, name in enumerate(order)}
        self._beside = {name: beside(name) for name in order}
        self._known: dict[tuple[str, ...], _Inherited] = {}

    def host(self, name: str, host: Host, beside: Mapping[str, Setting]) -> InventoryHost:
        """The host as it is in the end."""
        direct = tuple(sorted(set(host.groups) - {"all", "ungrouped"})) or ("ungrouped",)
        if direct not in self._known:
            self._known[direct] = self._inherited(direct, host.place)
        known = self._known[direct]
        self._steps.take(len(known.groups), host.place)
        if not host.settings and not beside:
            return InventoryHost(name, known.variables, known.groups, host.place, known.places)
        self._steps.take(len(known.settings), host.place)
        settings = {**known.settings, **host.settings, **beside}
        return InventoryHost(name, _values(settings), known.groups, host.place, _places(settings))

    def _inherited(self, direct: Iterable[str], place: Place) -> _Inherited:
        ancestry = self._with_ancestors(direct, place)
        chosen = sorted(ancestry, key=self._rank.__getitem__)
        groups = tuple(sorted(ancestry - {"all"}))
        settings = self._merged(chosen, place)
        return _Inherited(groups, settings, _values(settings), _places(settings))

    def _merged(self, chosen: list[str], place: Place) -> Settings:
        """Ansible's order: `all`, then groups, of the file; then the same of the folder."""
        settings: Settings = {}
        for found in (
            *(self.groups[name].settings for name in chosen),
            *(self._beside[name] for name in chosen),
        ):
            self._steps.take(len(found), place)
            settings.update(found)
        return settings

    def _with_ancestors(self, direct: Iterable[str], place: Place) -> set[str]:
        found: set[str] = {"all"}
        waiting = list(direct)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                parents = self.groups[name].parents
                self._steps.take(1 + len(parents), place)
                waiting.extend(parents)
        return found

    def _sorted_groups(self) -> list[str]:
        """All groups, `all` first, those that win later: by depth, priority and name."""
        for name, group in self.groups.items():
            if name != "all" and not group.parents:
                group.parents["all"] = group.place
        sorter = graphlib.TopologicalSorter(
            {name: list(group.parents) for name, group in self.groups.items()}
        )
        try:
            order = list(sorter.static_order())
        except graphlib.CycleError as error:
            circle = error.args[1]
            place = self._place_in(circle)
            raise place.error(f"groups in a circle: {' < '.join(circle[:10])}") from error
        for name in order:
            group = self.groups[name]
            group.depth = 1 + max((self.groups[each].depth for each in group.parents), default=-1)
            if group.depth > DEEPEST_GROUPS:
                raise group.place.error(f"groups are nested deeper than {DEEPEST_GROUPS}")
        return sorted(order, key=self._weight)

    def _weight(self, name: str) -> tuple[int, int, str]:
        group = self.groups[name]
        return group.depth, group.priority if name != "all" else 0, name

    def _place_in(self, circle: list[str]) -> Place:
        """The last line that closes the circle."""
        members = set(circle)
        places = [
            place
            for name in circle
            for parent, place in self.groups[name].parents.items()
            if parent in members
        ]
        return max(places, key=lambda place: place.line or 0)


def _values(settings: Settings) -> dict[str, Any]:
    return {key: setting.value for key, setting in settings.items()}


def _places(settings: Settings) -> dict[str, Place]:
    return {key: setting.place for key, setting in settings.items()}
