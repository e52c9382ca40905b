"""The JSON of `ansible-inventory --list`, and of any program that makes a dynamic inventory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from psrebind.fleet.connection_keys import KEYS
from psrebind.fleet.inventory.builder import InventoryBuilder, VaultValue
from psrebind.fleet.inventory.model import Location, Setting
from psrebind.fleet.inventory.precedence import MOST_HOSTS

_SHAPE = "give psrebind what ansible-inventory --list prints"
_NOT_BLANK = re.compile(r"[^ \t\n]")


def is_listing(text: str) -> bool:
    """Whether a text is such JSON: a table with `_meta`, where the variables of hosts stand."""
    return _Document(text, "").next() == "{" and '"_meta"' in text


def read_json(text: str, builder: InventoryBuilder) -> None:
    """Tell the builder what a listing says."""
    document = _Document(text, builder.file)
    variables: dict[str, list[tuple[str, Setting]]] = {}
    for name, location in document.entries():
        if name != "_meta":
            _read_group(document, builder, builder.group(name, location))
            continue
        for section, _ in document.entries():
            if section == "hostvars":
                variables = {host: list(_settings(document)) for host, _ in document.entries()}
            else:
                document.value()
    if document.next():
        raise document.location().error("more text after the end of the JSON")
    # As for Ansible, a host that is in no group is none.
    for host in filter(builder.has_host, variables):
        for key, setting in variables[host]:
            builder.host_variable((host,), key, setting)


def _read_group(document: _Document, builder: InventoryBuilder, group: str) -> None:
    # The short form of a group is the list of its hosts.
    short = [("hosts", document.location())] if document.next() == "[" else None
    for section, here in short or document.entries():
        if section == "vars":
            for key, setting in _settings(document):
                builder.group_variable(group, key, setting)
        elif section in ("hosts", "children"):
            for where in document.items("[]"):
                member = document.value()
                if section == "hosts":
                    builder.hosts(member, where, group=group, literal=True)
                else:
                    builder.child(group, builder.group(member, where), where)
        else:
            document.value()
            builder.unknown_section(section, group, here)


def _settings(document: _Document) -> Iterator[tuple[str, Setting]]:
    """The variables of a table that psrebind understands."""
    for key, location in document.entries():
        value = document.value()
        if key in KEYS or key == "ansible_group_priority":
            yield key, Setting(value, location)


class _Document:
    """A JSON text that is read from its beginning to its end, so that each key has its line.

    Values are read by Python's decoder, which has no lines.
    """

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._decoder = json.JSONDecoder(object_hook=_plain)
        self._at = 0
        self._line = 1
        self._counted = 0

    def next(self) -> str:
        """The character after the blanks; nothing at the end."""
        found = _NOT_BLANK.search(self._text, self._at)
        self._at = found.start() if found else len(self._text)
        return found[0] if found else ""

    def location(self) -> Location:
        """The line of what comes next."""
        self.next()
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return Location(self._file, self._line)

    def value(self) -> Any:
        """The next value, whole."""
        self.next()
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise Location(self._file, error.lineno).error(f"not JSON: {error.msg}") from error
        except (ValueError, RecursionError) as error:
            raise self.location().error("not JSON that can be read") from error
        return value

    def items(self, brackets: str) -> Iterator[Location]:
        """Where each item of a list or table stands; who asks for the next has read the one."""
        self._take(brackets[0])
        count = 0
        while self.next() != brackets[1]:
            if count:
                self._take(",")
            count += 1
            if count > MOST_HOSTS:
                raise self.location().error(f"more than {MOST_HOSTS:,} entries")
            yield self.location()
        self._take(brackets[1])

    def entries(self) -> Iterator[tuple[str, Location]]:
        """The keys of a table; who asks for the next has read the value of the one."""
        lines: dict[str, int | None] = {}
        for location in self.items("{}"):
            key = self.value()
            if not isinstance(key, str):
                raise location.error("not JSON: a key is text in quotes")
            if key in lines:
                raise location.error(f"the key {key!r} stands in line {lines[key]} already")
            lines[key] = location.line
            self._take(":")
            yield key, location

    def _take(self, character: str) -> None:
        if self.next() != character:
            raise self.location().error(f"{character} is needed here: {_SHAPE}")
        self._at += 1


def _plain(table: dict[str, Any]) -> Any:
    """What Ansible's own tables stand for: an encrypted value, or text that is no template."""
    if "__ansible_vault" in table:
        return VaultValue()
    return table.get("__ansible_unsafe", table)
