"""An inventory while it is read: readers tell what they find, and `finish` settles who wins.

Knows what psrebind refuses in a value; knows no file format.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psrebind.fleet import host_names
from psrebind.fleet.connection_keys import KEYS, PASSWORDS
from psrebind.fleet.inventory.model import Inventory, Notice, Place
from psrebind.fleet.inventory.precedence import (
    MOST_HOSTS,
    NAME,
    Beside,
    Group,
    Host,
    Setting,
    Settling,
    Steps,
)
from psrebind.model import Secret


class Encrypted:
    """Stands where a reader met ``!vault``."""


@dataclass
class _Clear:
    """A password that the file has in clear: where first, and in how many places."""

    place: Place
    count: int = 0

    def sentence(self, key: str) -> str:
        what = f"the column {self.place.word}" if self.place.word else key
        if self.count == 1:
            return f"{what} holds a password in clear"
        return f"{what} holds passwords in clear, here and in {self.count - 1} more lines"


class Draft:
    """What was found so far in one inventory file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.notices: list[Notice] = []
        whole = Place(file)
        self._groups = {"all": Group(whole), "ungrouped": Group(whole, parents={"all": whole})}
        self._hosts: dict[str, Host] = {}
        self._steps = Steps()
        self._clear: dict[tuple[str, str], _Clear] = {}

    def group(self, name: object, place: Place) -> str:
        """Note a group, once or again."""
        try:
            checked = host_names.group_name(name)
        except ValueError as error:
            raise place.error(str(error)) from error
        self._groups.setdefault(checked, Group(place))
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
        self._steps.take(NAME * len(names), place)
        for name in names:
            if name not in self._hosts:
                self._hosts[name] = Host(place)
                if port:
                    self._hosts[name].settings["ansible_port"] = Setting(port, place)
            self._hosts[name].groups[group] = None
        if len(self._hosts) > MOST_HOSTS:
            raise place.error(f"more than {MOST_HOSTS:,} hosts: split the inventory")
        return names

    def host_variable(self, hosts: Iterable[str], key: object, setting: Setting) -> None:
        """Note a variable of hosts that are known already."""
        if checked := self.checked(key, setting):
            hosts = tuple(hosts)
            self._steps.take(len(hosts), setting.place)
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
            self._clear.setdefault((place.file, key), _Clear(place)).count += 1
            return Setting(Secret(_digits(key, value, place)), place)
        return setting

    def finish(self, group_vars: Beside, host_vars: Beside) -> Inventory:
        """Settle groups and variables by Ansible's precedence."""
        settling = Settling(self._groups, group_vars, self._steps)
        members: dict[str, list[str]] = {name: [] for name in self._groups}
        hosts = []
        for name, host in self._hosts.items():
            settled = settling.host(name, host, host_vars(name))
            hosts.append(settled)
            for group in ("all", *settled.groups):
                members[group].append(name)
        groups_found = {name: tuple(found) for name, found in members.items()}
        clear = (Notice(one.place, one.sentence(key)) for (_, key), one in self._clear.items())
        return Inventory(self.file, tuple(hosts), groups_found, (*self.notices, *clear))


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


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that say something, stripped, with their numbers."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and stripped[0] not in "#;":
            yield number, stripped
