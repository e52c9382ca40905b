"""YAML as nodes that know their line.

Built from the events of PyYAML's parser, not by its constructors: so nothing is made but tables,
rows and plain values, keys that stand twice are seen, and nesting and aliases have a bound. An
error names line and key, never the text of a value, nor of a tag or an alias: a password may begin
with ! or *.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from psrebind.errors import InventoryError
from psrebind.fleet.inventory.builder import VaultValue
from psrebind.fleet.inventory.model import Location

DEEPEST = 60
# Counted with aliases written out: ten lines of aliases of aliases can stand for billions.
MOST_NODES = 4_000_000
_LONGEST_NUMBER = 100
_TAG = "tag:yaml.org,2002:"
_STRANGE_TAG = "the tag is not understood; a value that begins with ! needs quotes"
# What the parser quotes of the file, more than a single character.
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")
_VAULT = ("!vault", "!vault-encrypted")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Node:
    """A value and its line; `weight` counts nodes below, `height` their levels."""

    line: int
    weight: int = 1
    height: int = 1


@dataclass(slots=True)
class Scalar(Node):
    """Text, a number, a truth value, None, or VaultValue."""

    value: Any = None
    merges: bool = False


@dataclass(slots=True)
class Table(Node):
    """Keys, each with its own line and its node."""

    entries: dict[Any, tuple[int, Node]] = field(default_factory=dict)
    merged: tuple[Node, ...] = ()
    key: Scalar | None = None


@dataclass(slots=True)
class Row(Node):
    """Nodes in their order."""

    items: list[Node] = field(default_factory=list)


def plain(node: Node) -> Any:
    """The Python value of a node."""
    if isinstance(node, Table):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Row):
        return [plain(item) for item in node.items]
    return node.value if isinstance(node, Scalar) else None


def parse(text: str, file: str) -> Node | None:
    """The one document of a file, None if it is empty; InventoryError for anything unfit."""
    builder = _NodeBuilder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        # The parser has a bound of its own, and reads ahead of us.
        too_deep = "nesting depth" in (error.problem or "")
        said = _QUOTED.sub("…", error.problem or "")
        reason = f"nested deeper than {DEEPEST}" if too_deep else f"not YAML: {said}"
        raise InventoryError(reason, file=file, line=line) from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise InventoryError(f"not YAML: {error.reason}", file=file, line=line) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InventoryError("not YAML that can be read", file=file) from error
    return builder.root


class _NodeBuilder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.open: list[tuple[Table | Row, str | None]] = []
        self.anchors: dict[str, Node] = {}
        self.documents = 0
        self.resolver = yaml.resolver.Resolver()

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self.error(line, "a second document: one is needed")
            case yaml.AliasEvent():
                if event.anchor not in self.anchors:
                    reason = "an alias that stands for nothing yet; a value that begins with *"
                    raise self.error(line, f"{reason} needs quotes")
                self.place(self.anchors[event.anchor], line)
            case yaml.ScalarEvent():
                self.place(self.scalar(event, line), line, event.anchor)
            case yaml.MappingStartEvent():
                self.begin(Table(line), event, "map")
            case yaml.SequenceStartEvent():
                self.begin(Row(line), event, "seq")
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                node, anchor = self.open.pop()
                if isinstance(node, Table):
                    # What ``<<`` names: the table's own keys win, then the first table's.
                    for other in node.merged:
                        if not isinstance(other, Table):
                            raise self.error(node.line, "<< takes a table, or a list of them")
                        node.entries = {**other.entries, **node.entries}
                self.place(node, node.line, anchor)

    def begin(self, node: Table | Row, event: yaml.CollectionStartEvent, tag: str) -> None:
        if event.tag not in (None, "!", _TAG + tag):
            raise self.error(node.line, _STRANGE_TAG)
        if len(self.open) >= DEEPEST:
            raise self.error(node.line, f"nested deeper than {DEEPEST}")
        self.open.append((node, event.anchor))

    def place(self, node: Node, line: int, anchor: str | None = None) -> None:
        """Put a node that is complete where it belongs."""
        if anchor:
            self.anchors[anchor] = node
        if not self.open:
            self.root = node
            return
        above = self.open[-1][0]
        above.weight += node.weight
        above.height = max(above.height, node.height + 1)
        if above.weight > MOST_NODES or above.height > DEEPEST:
            raise self.error(line, "the file stands for too much")
        if isinstance(above, Row):
            above.items.append(node)
        elif above.key is None:
            above.key = self.new_key(above, node, line)
        else:
            if above.key.merges:
                more = node.items if isinstance(node, Row) else [node]
                above.merged = (*above.merged, *more)
            else:
                above.entries[above.key.value] = (above.key.line, node)
            above.key = None

    def new_key(self, table: Table, node: Node, line: int) -> Scalar:
        if not isinstance(node, Scalar) or isinstance(node.value, VaultValue):
            raise self.error(line, "a key is one plain word")
        if node.value in table.entries and not node.merges:
            before = table.entries[node.value][0]
            raise self.error(line, f"the key {node.value!r} stands in line {before} already")
        return Scalar(line, value=node.value, merges=node.merges)

    def scalar(self, event: yaml.ScalarEvent, line: int) -> Scalar:
        if event.tag in _VAULT:
            return Scalar(line, value=VaultValue())
        if event.tag in (None, "!"):
            implicit = event.implicit if event.tag is None else (False, True)
            tag = str(self.resolver.resolve(yaml.ScalarNode, event.value, implicit))  # type: ignore[no-untyped-call]
        else:
            tag = _TAG + "str" if event.tag == "!unsafe" else event.tag
        kind = tag.removeprefix(_TAG)
        if kind == "merge":
            return Scalar(line, value=event.value, merges=True)
        if kind not in ("str", "int", "float", "bool", "null", "timestamp", "value"):
            raise self.error(line, _STRANGE_TAG)
        is_number = kind in ("int", "float") and len(event.value) <= _LONGEST_NUMBER
        if kind not in ("null", "bool") and not is_number:
            return Scalar(line, value=event.value)
        node = yaml.ScalarNode(_TAG + kind, event.value)
        try:
            # As Ansible's reader, YAML 1.1, where `yes` is true and 010 is eight.
            return Scalar(line, value=yaml.constructor.SafeConstructor().construct_object(node))
        except (ValueError, KeyError, IndexError, OverflowError) as error:
            reason = f"the value is not of the type {kind}: put it in quotes, without the tag"
            raise self.error(line, reason) from error

    def error(self, line: int, reason: str) -> InventoryError:
        above = self.open[-1][0] if self.open else None
        key = above.key if isinstance(above, Table) else None
        return Location(self.file, line).error(reason, key=str(key.value) if key else None)
