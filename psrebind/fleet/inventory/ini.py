"""An inventory in Ansible's INI: sections of hosts, of `:vars` and of `:children`.

It means what it means to Ansible, whose values are Python literals where they can be. What is wrong
is told by line and key, never by the text: it may be a password.
"""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from typing import Any

from psrebind.fleet.connection_keys import KEYS
from psrebind.fleet.inventory.builder import InventoryBuilder
from psrebind.fleet.inventory.model import Location, Setting
from psrebind.fleet.inventory.text import lines_of

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?\Z")
_WORD = re.compile(r"\w+", re.ASCII)
_CHILD = re.compile(r"([^:\]\s]+)\s*(?:#.*)?\Z")
# A piece of a word, bare, in either quotes, or escaped; what is between words; a comment.
_PIECE = re.compile(
    r"""([^ \t\r\n'"\\#]+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|[ \t\r\n]+|(\#.*)""", re.DOTALL
)
# What most values are, and what needs no closer look: names, addresses, ports.
_NO_LITERAL = re.compile(
    r"(?!(?:True|False|None)\Z)[A-Za-z_][\w.\\@-]*\Z|(?:[0-9]+\.){3}[0-9]+\Z", re.ASCII
)
_NUMBER = re.compile(r"[1-9][0-9]{0,9}\Z", re.ASCII)
_ESCAPED = re.compile(r'\\(["\\])')
# Python's own reader of literals needs time and stack for what is longer.
_LONGEST_LITERAL = 500
# What is wrong in a longer one would take shlex seconds to find.
_LONGEST_LINE = 50_000


def read_ini(text: str, builder: InventoryBuilder) -> None:
    """Tell the builder what an INI inventory says."""
    with warnings.catch_warnings():
        # Python's reader of literals warns of odd escapes in what is no literal at all.
        warnings.simplefilter("ignore", SyntaxWarning)
        _Reader(builder).read(text)


class _Reader:
    def __init__(self, builder: InventoryBuilder) -> None:
        self.builder = builder
        self.group = "ungrouped"
        self.kind = "hosts"
        self.declared = {"all", "ungrouped"}
        self.needed: list[tuple[str, Location, str]] = []

    def read(self, text: str) -> None:
        for number, line in lines_of(text):
            location = Location(self.builder.file, number)
            if len(line) > _LONGEST_LINE:
                raise location.error(f"the line is longer than {_LONGEST_LINE} characters")
            if found := _SECTION.match(line):
                self.section(found[1], found[2] or "hosts", location)
            elif line.startswith("[") and line.endswith("]"):
                raise location.error("no section: [group], [group:vars] or [group:children] is one")
            elif self.kind == "hosts":
                self.host(line, location)
            elif self.kind == "vars":
                key, equals, value = line.partition("=")
                if not equals:
                    reason = "a variable is name=value, on one line, and = is missing"
                    raise location.error(reason, key=_known(line))
                setting = Setting(_value(value.strip()), location)
                self.builder.group_variable(self.group, key.strip(), setting)
            else:
                self.child(line, location)
        for name, location, why in self.needed:
            if name not in self.declared:
                raise location.error(f"{why} the group {name}, which is nowhere declared")

    def section(self, name: str, kind: str, location: Location) -> None:
        if kind not in ("hosts", "vars", "children"):
            raise location.error(f"[{name}:{kind}] is no section: hosts, vars or children")
        self.group = self.builder.group(name, location)
        self.kind = kind
        if kind == "vars":
            self.needed.append((name, location, "variables of"))
        else:
            self.declared.add(name)

    def host(self, line: str, location: Location) -> None:
        try:
            first, *rest = _words(line)
        except ValueError as error:
            raise location.error(f"the line cannot be read: {error}") from error
        if "=" in first:
            reason = "a host's name is missing before it; name=value alone is for [group:vars]"
            raise location.error(reason, key=_known(first))
        names = self.builder.hosts(first, location, group=self.group)
        before = None
        for word in rest:
            key, equals, value = word.partition("=")
            if not equals:
                reason = "after a host stands name=value: put a value with blanks in quotes"
                raise location.error(reason, key=_known(word) or before)
            before = key
            if key in KEYS:
                self.builder.host_variable(names, key, Setting(_value(value), location))

    def child(self, line: str, location: Location) -> None:
        found = _CHILD.match(line)
        if not found or "=" in found[1]:
            reason = "here stands the name of a group alone; name=value is for [group:vars]"
            raise location.error(reason, key=_known(line))
        child = self.builder.group(found[1], location)
        self.needed.append((child, location, f"[{self.group}:children] names"))
        self.builder.child(self.group, child, location)


def _words(line: str) -> list[str]:
    """The words of a host's line as Ansible has them, by shlex: that is slow, it reads characters.

    What is wrong with a line is left to shlex to say.
    """
    words: list[str] = []
    within = False
    at = 0
    while at < len(line):
        found = _PIECE.match(line, at)
        if not found:
            return shlex.split(line, comments=True)
        at = found.end()
        kind = found.lastindex
        if kind is None or kind == 5:
            within = False
            continue
        piece = found[kind]
        if kind == 3 and "\\" in piece:
            piece = _ESCAPED.sub(r"\1", piece)
        if within:
            words[-1] += piece
        else:
            words.append(piece)
        within = True
    return words


def _known(text: str) -> str | None:
    """The key that a line begins with, for an error: any other word may be a piece of a secret."""
    found = _WORD.match(text)
    return found[0] if found and found[0] in KEYS else None


def _value(text: str) -> Any:
    """What Ansible takes a value for: a Python literal, else the text as it stands."""
    if len(text) > _LONGEST_LITERAL or _NO_LITERAL.match(text):
        return text
    try:
        value = int(text) if _NUMBER.match(text) else ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    if value is ... or isinstance(value, complex):
        return text
    if isinstance(value, bytes):
        return value.decode("utf-8", "relocation")
    return list(value) if isinstance(value, (tuple, set)) else value
