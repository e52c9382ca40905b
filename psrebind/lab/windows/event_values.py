"""Values inside an event's XML, and how the event log compares them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

Node = Element | str
TIME = "SystemTime"
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class InvalidXPath(ValueError):
    """The event log refuses the text as well."""


class TooComplex(InvalidXPath):
    """More comparisons than the event log takes."""


class Unsupported(InvalidXPath):
    """Not modelled; the text names the construct."""


class TimeText(str):
    """The text of an attribute that holds a parse_time: it orders by time."""

    __slots__ = ()


def children(nodes: Sequence[Node], name: str) -> list[Node]:
    """Return the child elements of a name, or of any."""
    elements = [node for node in nodes if isinstance(node, Element)]
    return [child for one in elements for child in one if name in ("*", child.tag)]


def attributes(nodes: Sequence[Node], name: str) -> list[Node]:
    """Return the values of an attribute."""
    values = [node.get(name) for node in nodes if isinstance(node, Element)]
    kind = TimeText if name == TIME else str
    return [kind(value) for value in values if value is not None]


def compare_number(node: Node, sign: str, wanted: float) -> bool:
    """Tell whether a node's number compares so; a text that is none does not."""
    try:
        return OPERATORS[sign](number(text(node)), wanted)
    except ValueError:
        return False


def compare_text(node: Node, sign: str, wanted: str) -> bool:
    """Tell whether a node's text compares so; moments compare as moments."""
    if isinstance(node, TimeText):
        return OPERATORS[sign](parse_time(node), parse_time(wanted))
    return OPERATORS[sign](text(node), wanted)


def text(node: Node) -> str:
    """Return the text of a node."""
    return node if isinstance(node, str) else "".join(node.itertext()).strip()


def number(written: str) -> float:
    """Return a decimal or hexadecimal number."""
    return float(int(written, 16)) if written[:2].casefold() == "0x" else float(written)


def parse_time(written: str) -> datetime:
    """Return a parse_time; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise InvalidXPath(f"parse_time {written!r}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
