"""An inventory while it is read: readers tell what they find, and `finish` settles who wins."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from psrebind.fleet import host_names
from psrebind.fleet.connection_keys import KEYS, PASSWORDS
from psrebind.fleet.inventory.model import Inventory, InventoryNotice, Location, Setting
from psrebind.fleet.inventory.precedence import (
    MOST_HOSTS,
    NAME,
    FolderSettings,
    GroupEntry,
    HostEntry,
    Precedence,
    StepBudget,
)
from psrebind.model import Secret


class VaultValue:
    """Stands where a reader met a value that ansible-vault has encrypted."""


class InventoryBuilder:
    """What was found so far in one inventory file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.notices: list[InventoryNotice] = []
        whole = Location(file)
        self._groups = {
            "all": GroupEntry(whole),
            "ungrouped": GroupEntry(whole, parents={"all": whole}),
        }
        self._hosts: dict[str, HostEntry] = {}
        self._budget = StepBudget()
        # Where the passwords in clear of a file and a key stand.
        self._clear: dict[tuple[str, str], list[Location]] = {}

    def group(self, name: object, location: Location) -> str:
        """Note a group, once or again."""
        try:
            checked = host_names.group_name(name)
        except ValueError as error:
            raise location.error(str(error)) from error
        self._groups.setdefault(checked, GroupEntry(location))
        return checked

    def child(self, parent: str, child: str, location: Location) -> None:
        """Note that one group, known already, is in another."""
        if child == "all":
            raise location.error("the group all is in no other group")
        self._groups[child].parents.setdefault(parent, location)

    def unknown_section(self, section: object, group: str, location: Location) -> None:
        """Note that a section of a group is ignored."""
        sentence = f"{section!r} in the group {group} is ignored: not hosts, vars or children"
        self.notices.append(InventoryNotice(location, sentence))

    def hosts(
        self, pattern: object, location: Location, *, group: str, literal: bool = False
    ) -> tuple[str, ...]:
        """Note the hosts of a name, a range, or either with a port, as members of a group; a
        literal name stands for itself alone."""
        if not isinstance(pattern, str):
            raise location.error(f"the name of a host is text: put {pattern!r} in quotes")
        try:
            expanded, port = host_names.expand(pattern, literal=literal)
            names = tuple(itertools.islice(expanded, MOST_HOSTS + 1))
        except ValueError as error:
            raise location.error(str(error)) from error
        self._budget.spend(NAME * len(names), location)
        for name in names:
            if name not in self._hosts:
                self._hosts[name] = HostEntry(location)
                if port:
                    self._hosts[name].settings["ansible_port"] = Setting(port, location)
            self._hosts[name].groups[group] = None
        if len(self._hosts) > MOST_HOSTS:
            raise location.error(f"more than {MOST_HOSTS:,} hosts: split the inventory")
        return names

    def has_host(self, name: str) -> bool:
        """Whether the host was noted before."""
        return name in self._hosts

    def host_variable(self, hosts: Iterable[str], key: object, setting: Setting) -> None:
        """Note a variable of hosts that are known already."""
        if checked := self.checked(key, setting):
            hosts = tuple(hosts)
            self._budget.spend(len(hosts), setting.location)
            for name in hosts:
                self._hosts[name].settings[str(key)] = checked

    def group_variable(self, group: str, key: object, setting: Setting) -> None:
        """Note a variable of a group that is known already."""
        if key == "ansible_group_priority":
            try:
                self._groups[group].priority = int(setting.value)
            except (TypeError, ValueError, OverflowError) as error:
                raise setting.location.error("a whole number is needed", key=key) from error
        elif checked := self.checked(key, setting):
            self._groups[group].settings[str(key)] = checked

    def checked(self, key: object, setting: Setting) -> Setting | None:
        """The setting if psrebind understands the key, else None; refuses what needs Ansible."""
        if not isinstance(key, str) or key not in KEYS:
            return None
        value, location = setting.value, setting.location
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, VaultValue):
                advice = "psrebind cannot open a vault; leave the key out and use PSREBIND_PASSWORD"
                raise location.error(f"!vault: {advice}", key=key)
            if isinstance(item, str) and any(mark in item for mark in ("{{", "{%", "{#")):
                reason = "psrebind fills in no {{ … }}: write the value itself"
                raise location.error(reason, key=key)
            if not isinstance(item, (str, int, float, bool, type(None))):
                raise location.error("one value is needed", key=key)
        if isinstance(value, list) and key != "ansible_winrm_transport":
            raise location.error("one value is needed, not a list", key=key)
        if key not in PASSWORDS or value in (None, ""):
            return setting
        try:
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise ValueError
            secret = Secret(str(value))
        except ValueError as error:  # also a number of more digits than Python writes
            reason = "the password is not text: put it in quotes"
            raise location.error(reason, key=key) from error
        self._clear.setdefault((location.file, key), []).append(location)
        return Setting(secret, location)

    def finish(self, group_vars: FolderSettings, host_vars: FolderSettings) -> Inventory:
        """Settle groups and variables by Ansible's precedence."""
        precedence = Precedence(self._groups, group_vars, self._budget)
        members: dict[str, list[str]] = {name: [] for name in self._groups}
        hosts = []
        for name, entry in self._hosts.items():
            host = precedence.host(name, entry, host_vars(name))
            hosts.append(host)
            for group in ("all", *host.groups):
                members[group].append(name)
        groups = {name: tuple(found) for name, found in members.items()}
        for (_, key), (first, *more) in self._clear.items():
            what = f"the column {first.word}" if first.word else key
            in_clear = (
                f"holds passwords in clear, here and in {len(more)} more lines"
                if more
                else "holds a password in clear"
            )
            self.notices.append(InventoryNotice(first, f"{what} {in_clear}"))
        return Inventory(self.file, tuple(hosts), groups, tuple(self.notices))
