"""Ansible's YAML: an inventory of groups with `hosts`, `vars`, `children`; files of variables.

Knows the shape of both; what a value may be is the draft's to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from psrebind.fleet.inventory.builder import Draft
from psrebind.fleet.inventory.model import COMMAND, Notice, Place
from psrebind.fleet.inventory.precedence import Setting
from psrebind.fleet.inventory.yaml_nodes import Node, Row, Scalar, Table, parse, plain

_PLUGIN = "the configuration of an inventory plugin; give psrebind what this prints:"


def read_yaml(text: str, draft: Draft) -> None:
    """Tell the draft what a YAML inventory says."""
    root = parse(text, draft.file)
    whole = Place(draft.file, root.line if root else 1)
    if not isinstance(root, Table) or not root.entries:
        raise whole.error("no groups: an inventory begins with `all:` or another group")
    if "plugin" in root.entries:
        line, _ = root.entries["plugin"]
        raise Place(draft.file, line).error(f"{_PLUGIN} {COMMAND}", key="plugin")
    if "_meta" in root.entries:
        line, _ = root.entries["_meta"]
        raise Place(draft.file, line).error(f"JSON of ansible-inventory: use {COMMAND}")
    for name, line, node in _entries(root):
        _read_group(draft, name, node, place=Place(draft.file, line))


def read_variables(text: str, draft: Draft, *, file: str) -> dict[str, Setting]:
    """The understood variables of a file of group_vars or host_vars."""
    root = parse(text, file)
    if root is None or (isinstance(root, Scalar) and root.value is None):
        return {}
    if not isinstance(root, Table):
        raise Place(file, root.line).error("a file of variables has `name: value` in each line")
    found = {}
    for key, line, node in _entries(root):
        if setting := draft.checked(key, Setting(plain(node), Place(file, line))):
            found[str(key)] = setting
    return found


def _entries(table: Table) -> Iterator[tuple[object, int, Node]]:
    for key, (line, node) in table.entries.items():
        yield key, line, node


def _read_group(draft: Draft, name: object, node: Node, *, place: Place) -> str:
    group = draft.group(name, place)
    for section, line, content in _section(node, place, f"the group {group}"):
        here = Place(draft.file, line)
        if section not in ("hosts", "vars", "children"):
            sentence = f"{section!r} in the group {group} is ignored: not hosts, vars or children"
            draft.notices.append(Notice(here, sentence))
            continue
        for key, key_line, value in _section(content, here, f"{section} of {group}"):
            key_place = Place(draft.file, key_line)
            if section == "vars":
                draft.group_variable(group, key, Setting(plain(value), key_place))
            elif section == "hosts":
                _read_host(draft, key, value, group=group, place=key_place)
            else:
                child = _read_group(draft, key, value, place=key_place)
                draft.child(group, child, key_place)
    return group


def _read_host(draft: Draft, name: object, node: Node, *, group: str, place: Place) -> None:
    names = draft.hosts(name, place, group=group)
    for key, line, value in _section(node, place, f"the host {names[0]}"):
        draft.host_variable(names, key, Setting(plain(value), Place(draft.file, line)))


def _section(node: Node, place: Place, what: str) -> list[tuple[object, int, Node]]:
    """The entries of a table; nothing stands for an empty one, and one word for its only key."""
    if isinstance(node, Table):
        return list(_entries(node))
    if isinstance(node, Scalar) and node.value is None:
        return []
    if isinstance(node, Scalar) and isinstance(node.value, str) and " of " in what:
        return [(node.value, node.line, Scalar(node.line))]
    advice = "`name:` in each line, without a dash" if isinstance(node, Row) else "`name:` lines"
    raise place.error(f"{what} needs {advice}")
