"""Ansible's precedence: the order of groups, and the variables that count for each host."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from psrebind.fleet.inventory.model import InventoryHost, Location, Setting, Settings

MOST_HOSTS = 250_000
# What is kept or looked at for hosts, inherited or not. A few lines of ranges, or of groups in
# groups, must not keep the reader for minutes, nor fill the memory.
MOST_STEPS = 16_000_000
# To read and check a name takes as long as so many steps.
NAME = 8
DEEPEST_GROUPS = 50

# What the folder group_vars or host_vars says of one group or host.
FolderSettings = Callable[[str], Settings]
# What hosts have in common that stand in the same groups: all their groups, and the variables.
_Inherited = tuple[tuple[str, ...], Settings]


@dataclass
class GroupEntry:
    """A group while the file is read; `parents` says where each was named."""

    location: Location
    settings: dict[str, Setting] = field(default_factory=dict)
    parents: dict[str, Location] = field(default_factory=dict)
    priority: int = 1
    depth: int = 0


@dataclass(slots=True)
class HostEntry:
    """A host while the file is read, with the groups that name it."""

    location: Location
    settings: dict[str, Setting] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)


@dataclass
class StepBudget:
    """The steps that one inventory may still take."""

    left: int = MOST_STEPS

    def spend(self, count: int, location: Location) -> None:
        """Count what is about to be done; raise where a file stands for too much."""
        self.left -= count
        if self.left < 0:
            raise location.error(
                "more names and variables of hosts, inherited ones included, than are read of one "
                "inventory: split it"
            )


class Precedence:
    """The groups and variables of each host, once everything was read."""

    def __init__(
        self, groups: Mapping[str, GroupEntry], folder: FolderSettings, budget: StepBudget
    ) -> None:
        self._groups = groups
        self._budget = budget
        order = _sorted_groups(groups)
        self._rank = {name: at for at, name in enumerate(order)}
        self._folder = {name: folder(name) for name in order}
        self._inherited: dict[tuple[str, ...], _Inherited] = {}

    def host(self, name: str, entry: HostEntry, own: Settings) -> InventoryHost:
        """The host with what it inherits; `own` is what the folder says of it."""
        direct = tuple(sorted(set(entry.groups) - {"all", "ungrouped"})) or ("ungrouped",)
        if direct not in self._inherited:
            self._inherited[direct] = self._inherit(direct, entry.location)
        groups, settings = self._inherited[direct]
        self._budget.spend(len(groups), entry.location)
        if entry.settings or own:
            self._budget.spend(len(settings), entry.location)
            settings = {**settings, **entry.settings, **own}
        return InventoryHost(name, settings, groups, entry.location)

    def _inherit(self, direct: Iterable[str], location: Location) -> _Inherited:
        """The groups and those that they are in, without ``all``, and the variables of all."""
        found = {"all"}
        waiting = list(direct)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                parents = self._groups[name].parents
                self._budget.spend(1 + len(parents), location)
                waiting.extend(parents)
        ranked = sorted(found, key=self._rank.__getitem__)
        settings: dict[str, Setting] = {}
        # All groups of the file count less than any of the folder.
        for said in (
            *(self._groups[name].settings for name in ranked),
            *(self._folder[name] for name in ranked),
        ):
            self._budget.spend(len(said), location)
            settings.update(said)
        return tuple(sorted(found - {"all"})), settings


def _sorted_groups(groups: Mapping[str, GroupEntry]) -> list[str]:
    """All groups, `all` first, those that win later: by depth, priority and name."""
    for name, group in groups.items():
        if name != "all" and not group.parents:
            group.parents["all"] = group.location
    sorter = graphlib.TopologicalSorter({name: group.parents for name, group in groups.items()})
    try:
        order = list(sorter.static_order())
    except graphlib.CycleError as error:
        circle = error.args[1]
        members = set(circle)
        parents = [item for name in circle for item in groups[name].parents.items()]
        closing = [location for parent, location in parents if parent in members]
        last = max(closing, key=lambda location: location.line or 0)
        raise last.error(f"groups in a circle: {' < '.join(circle[:10])}") from error
    for name in order:
        group = groups[name]
        group.depth = 1 + max((groups[each].depth for each in group.parents), default=-1)
        if group.depth > DEEPEST_GROUPS:
            raise group.location.error(f"groups are nested deeper than {DEEPEST_GROUPS}")
    return sorted(order, key=lambda name: (groups[name].depth, groups[name].priority, name))
