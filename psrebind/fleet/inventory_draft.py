"""An inventory while it is read: readers tell what they find, and `finish` settles who wins.

Knows Ansible's precedence and what psrebind refuses in a value; knows no file format.
"""

from __future__ import annotations

import graphlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from psrebind.fleet import host_names
from psrebind.fleet.connection_keys import KEYS, PASSWORDS
from psrebind.fleet.inventory import Inventory, InventoryHost, Notice, Place
from psrebind.model import Secret

MOST_HOSTS = 20_000
# Of memberships too: ranges in one line after another must not keep the reader for minutes.
MOST_MENTIONS = 200_000
DEEPEST_GROUPS = 50


@dataclass(frozen=True)
class Setting:
    """The value of a variable and where it was set."""

    value: Any
    place: Place


Settings = dict[str, Setting]
# What the folders group_vars and host_vars say of one group or host.
Beside = Callable[[str], Mapping[str, Setting]]


class Encrypted:
    """Stands where a reader met ``!vault``."""


@dataclass
class _Group:
    place: Place
    settings: Settings = field(default_factory=dict)
    parents: dict[str, Place] = field(default_factory=dict)
    priority: int = 1
    depth: int = 0


@dataclass
class _Host:
    place: Place
    settings: Settings = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)


class Draft:
    """What was found so far in one inventory file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.notices: list[Notice] = []
        whole = Place(file)
        self._groups = {"all": _Group(whole), "ungrouped": _Group(whole, parents={"all": whole})}
        self._hosts: dict[str, _Host] = {}
        self._mentions = 0

    def group(self, name: object, place: Place) -> str:
        """Note a group, once or again."""
        try:
            checked = host_names.group_name(name)
        except ValueError as error:
            raise place.error(str(error)) from error
        self._groups.setdefault(checked, _Group(place))
        return checked

    def has_group(self, name: str) -> bool:
        """Whether the group was noted before."""
        return name in self._groups

    def child(self, parent: str, child: str, place: Place) -> None:
        """Note that one group, known already, is in another."""
        if child == "all":
            raise place.error("the group all is in no other group")
        self._groups[child].parents.setdefault(parent, place)

    def hosts(self, pattern: object, place: Place, *, group: str) -> tuple[str, ...]:
        """Note the hosts of a name, a range, or either with a port, as members of a group."""
        if not isinstance(pattern, str):
            raise place.error(f"the name of a host is text: put {pattern!r} in quotes")
        try:
            expanded, port = host_names.expand(pattern)
            names = tuple(itertools.islice(expanded, MOST_HOSTS + 1))
        except ValueError as error:
            raise place.error(str(error)) from error
        self._mentions += len(names)
        for name in names:
            if name not in self._hosts:
                self._hosts[name] = _Host(place)
                if port:
                    self._hosts[name].settings["ansible_port"] = Setting(port, place)
            self._hosts[name].groups[group] = None
        if len(self._hosts) > MOST_HOSTS or self._mentions > MOST_MENTIONS:
            raise place.error(
                f"more than {MOST_HOSTS} hosts, or more than {MOST_MENTIONS} mentions"
            )
        return names

    def host_variable(self, hosts: Iterable[str], key: object, setting: Setting) -> None:
        """Note a variable of hosts that are known already."""
        if checked := self.checked(key, setting):
            for name in hosts:
                self._hosts[name].settings[str(key)] = checked

    def group_variable(self, group: str, key: object, setting: Setting) -> None:
        """Note a variable of a group that is known already."""
        if key == "ansible_group_priority":
            try:
                self._groups[group].priority = int(setting.value)
            except (TypeError, ValueError, OverflowError) as error:
                raise setting.place.error("a whole number is needed", key=key) from error
        elif checked := self.checked(key, setting):
            self._groups[group].settings[str(key)] = checked

    def checked(self, key: object, setting: Setting) -> Setting | None:
        """The setting if psrebind understands the key, else None; refuses what needs Ansible."""
        if not isinstance(key, str) or key not in KEYS:
            return None
        value, place = setting.value, setting.place
        for item in value if isinstance(value, list) else [value]:
            _refuse_ansible(key, item, place)
        if isinstance(value, list) and key != "ansible_winrm_transport":
            raise place.error("one value is needed, not a list", key=key)
        if key in PASSWORDS and value not in (None, ""):
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise place.error("the password is not text: put it in quotes", key=key)
            self.notices.append(Notice(place, f"{key} holds a password in clear"))
            return Setting(Secret(_digits(key, value, place)), place)
        return setting

    def finish(self, group_vars: Beside, host_vars: Beside) -> Inventory:
        """Settle groups and variables by Ansible's precedence."""
        order = self._sorted_groups()
        beside = {name: group_vars(name) for name in order}
        merged: dict[tuple[str, ...], tuple[tuple[str, ...], Settings]] = {}
        hosts = []
        members: dict[str, list[str]] = {name: [] for name in self._groups}
        for name, host in self._hosts.items():
            direct = tuple(sorted(set(host.groups) - {"all", "ungrouped"})) or ("ungrouped",)
            if direct not in merged:
                ancestry = self._with_ancestors(direct)
                chosen = [group for group in order if group in ancestry]
                merged[direct] = (tuple(sorted(ancestry - {"all"})), self._merged(chosen, beside))
            groups, settings = merged[direct]
            settings = {**settings, **host.settings, **host_vars(name)}
            hosts.append(_frozen(name, host.place, groups, settings))
            for group in ("all", *groups):
                members[group].append(name)
        groups_found = {name: tuple(found) for name, found in members.items()}
        return Inventory(self.file, tuple(hosts), groups_found, tuple(self.notices))

    def _merged(self, chosen: list[str], beside: Mapping[str, Mapping[str, Setting]]) -> Settings:
        """Ansible's order: `all`, then groups, of the file; then the same of the folder."""
        settings: Settings = {}
        for name in chosen:
            settings |= self._groups[name].settings
        for name in chosen:
            settings |= beside[name]
        return settings

    def _with_ancestors(self, direct: Iterable[str]) -> set[str]:
        found: set[str] = {"all"}
        waiting = list(direct)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._groups[name].parents)
        return found

    def _sorted_groups(self) -> list[str]:
        """All groups, `all` first, those that win later: by depth, priority and name."""
        for name, group in self._groups.items():
            if name != "all" and not group.parents:
                group.parents["all"] = group.place
        sorter = graphlib.TopologicalSorter(
            {name: list(group.parents) for name, group in self._groups.items()}
        )
        try:
            order = list(sorter.static_order())
        except graphlib.CycleError as error:
            circle = error.args[1]
            place = self._place_in(circle)
            raise place.error(f"groups in a circle: {' < '.join(circle[:10])}") from error
        for name in order:
            group = self._groups[name]
            group.depth = 1 + max((self._groups[each].depth for each in group.parents), default=-1)
            if group.depth > DEEPEST_GROUPS:
                raise group.place.error(f"groups are nested deeper than {DEEPEST_GROUPS}")
        return sorted(order, key=self._rank)

    def _rank(self, name: str) -> tuple[int, int, str]:
        group = self._groups[name]
        return group.depth, group.priority if name != "all" else 0, name

    def _place_in(self, circle: list[str]) -> Place:
        """The last line that closes the circle."""
        places = [
            place
            for name in circle
            for parent, place in self._groups[name].parents.items()
            if parent in circle
        ]
        return max(places, key=lambda place: place.line or 0)


def _refuse_ansible(key: str, value: object, place: Place) -> None:
    if isinstance(value, Encrypted):
        advice = "psrebind cannot open a vault; leave the key out and use PSREBIND_PASSWORD"
        raise place.error(f"!vault: {advice}", key=key)
    if isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
        raise place.error("psrebind fills in no {{ … }}: write the value itself", key=key)
    if not isinstance(value, (str, int, float, bool, type(None))):
        raise place.error("one value is needed", key=key)


def _digits(key: str, value: str | int, place: Place) -> str:
    try:
        return str(value)
    except ValueError as error:  # Python writes no number of more than 4300 digits
        raise place.error("the password is not text: put it in quotes", key=key) from error


def _frozen(name: str, place: Place, groups: tuple[str, ...], settings: Settings) -> InventoryHost:
    return InventoryHost(
        name,
        {key: setting.value for key, setting in settings.items()},
        groups,
        place,
        {key: setting.place for key, setting in settings.items()},
    )


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that say something, stripped, with their numbers."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and stripped[0] not in "#;":
            yield number, stripped
