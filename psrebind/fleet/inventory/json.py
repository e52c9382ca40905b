"""The JSON of `ansible-inventory --list`, and of any program that makes a dynamic inventory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from psrebind.fleet.connection_keys import KEYS
from psrebind.fleet.inventory.builder import InventoryBuilder, VaultValue
from psrebind.fleet.inventory.model import Location, Setting

_SHAPE = "give psrebind what ansible-inventory --list prints"
_BLANKS = re.compile(r"[ \t\n]*")


def is_listing(text: str) -> bool:
    """Whether a text is such JSON: a table with `_meta`, where the variables of hosts stand."""
    return _Document(text, "").next == "{" and '"_meta"' in text


def read_json(text: str, builder: InventoryBuilder) -> None:
    """Tell the builder what a listing says."""
    document = _Document(text, builder.file)
    variables: dict[str, list[tuple[str, Setting]]] = {}
    for name, location in document.entries():
        if name != "_meta":
            _read_group(document, builder, name, location)
            continue
        for section, _ in document.entries():
            if section == "hostvars":
                variables = {host: list(_settings(document)) for host, _ in document.entries()}
            else:
                document.value()
    if document.next:
        raise document.location().error("more text after the end of the JSON")
    # As for Ansible, a host that is in no group is none.
    for host in filter(builder.has_host, variables):
        for key, setting in variables[host]:
            builder.host_variable((host,), key, setting)


def _read_group(
    document: _Document, builder: InventoryBuilder, name: str, location: Location
) -> None:
    group = builder.group(name, location)
    # The short form of a group is the list of its hosts.
    is_short = document.next == "["
    for section, here in [("hosts", location)] if is_short else document.entries():
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
        self._line = 1
        self._counted = 0
        self._decoder = json.JSONDecoder(object_hook=_plain)
        self._advance(0)

    @property
    def next(self) -> str:
        """The character that comes next; nothing at the end."""
        return self._text[self._at : self._at + 1]

    def location(self) -> Location:
        """The line of what comes next."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return Location(self._file, self._line)

    def value(self) -> Any:
        """The next value, whole."""
        try:
            value, end = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise Location(self._file, error.lineno).error(f"not JSON: {error.msg}") from error
        except (ValueError, RecursionError) as error:
            raise self.location().error("not JSON that can be read") from error
        self._advance(end)
        return value

    def items(self, brackets: str) -> Iterator[Location]:
        """Where each item of a list or table stands; who asks for the next has read the one."""
        self._take(brackets[0])
        is_first = True
        while self.next != brackets[1]:
            if not is_first:
                self._take(",")
            is_first = False
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
        if self.next != character:
            raise self.location().error(f"{character} is needed here: {_SHAPE}")
        self._advance(self._at + 1)

    def _advance(self, at: int) -> None:
        found = _BLANKS.match(self._text, at)
        self._at = found.end() if found else at


def _plain(table: dict[str, Any]) -> Any:
    """What Ansible's own tables stand for: an encrypted value, or text that is no template."""
    if "__ansible_vault" in table:
        return VaultValue()
    return table.get("__ansible_unsafe", table)
