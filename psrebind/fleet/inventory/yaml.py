"""Ansible's YAML: an inventory of groups with `hosts`, `vars`, `children`; files of variables."""

from __future__ import annotations

from collections.abc import Mapping

from psrebind.fleet.inventory.builder import InventoryBuilder
from psrebind.fleet.inventory.model import COMMAND, Location, Setting
from psrebind.fleet.inventory.yaml_nodes import Node, Row, Scalar, Table, parse, plain

_NO_INVENTORY = {
    "plugin": "the configuration of an inventory plugin",
    "_meta": "JSON of ansible-inventory in another form",
}


def read_yaml(text: str, builder: InventoryBuilder) -> None:
    """Tell the builder what a YAML inventory says."""
    root = parse(text, builder.file)
    if not isinstance(root, Table) or not root.entries:
        whole = Location(builder.file, root.line if root else 1)
        raise whole.error("no groups: an inventory begins with `all:` or another group")
    for key, reason in _NO_INVENTORY.items():
        if key in root.entries:
            location = Location(builder.file, root.entries[key][0])
            raise location.error(f"{reason}; give psrebind what this prints: {COMMAND}", key=key)
    for name, (line, node) in root.entries.items():
        _read_group(builder, name, node, location=Location(builder.file, line))


def read_variables(text: str, builder: InventoryBuilder, *, file: str) -> dict[str, Setting]:
    """The understood variables of a file of group_vars or host_vars."""
    root = parse(text, file)
    if root is None or (isinstance(root, Scalar) and root.value is None):
        return {}
    if not isinstance(root, Table):
        raise Location(file, root.line).error("a file of variables has `name: value` in each line")
    found = {}
    for key, (line, node) in root.entries.items():
        if setting := builder.checked(key, Setting(plain(node), Location(file, line))):
            found[str(key)] = setting
    return found


def _read_group(builder: InventoryBuilder, name: object, node: Node, *, location: Location) -> str:
    group = builder.group(name, location)
    for section, (line, content) in _section(node, location, f"the group {group}").items():
        here = Location(builder.file, line)
        if section not in ("hosts", "vars", "children"):
            builder.unknown_section(section, group, here)
            continue
        for key, (key_line, value) in _section(content, here, f"{section} of {group}").items():
            where = Location(builder.file, key_line)
            if section == "vars":
                builder.group_variable(group, key, Setting(plain(value), where))
            elif section == "hosts":
                names = builder.hosts(key, where, group=group)
                for variable, (at, said) in _section(value, where, f"the host {key}").items():
                    setting = Setting(plain(said), Location(builder.file, at))
                    builder.host_variable(names, variable, setting)
            else:
                child = _read_group(builder, key, value, location=where)
                builder.child(group, child, where)
    return group


def _section(node: Node, location: Location, what: str) -> Mapping[object, tuple[int, Node]]:
    """The entries of a table; nothing stands for an empty one, and one word for its only key."""
    if isinstance(node, Table):
        return node.entries
    if isinstance(node, Scalar) and node.value is None:
        return {}
    if isinstance(node, Scalar) and isinstance(node.value, str) and " of " in what:
        return {node.value: (node.line, Scalar(node.line))}
    advice = "`name:` in each line, without a dash" if isinstance(node, Row) else "`name:` lines"
    raise location.error(f"{what} needs {advice}")
