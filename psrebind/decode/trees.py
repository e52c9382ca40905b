"""XML from Windows as plain trees: local names only, no DTD, no entities, bounded in every way.

Prefixes are cut off unread, because exports cut out of a larger document lose the declarations.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from xml.parsers import expat

from psrebind.errors import DecodeError

# An event record of Windows has at most 64 KB, a task a few: these are far beyond both.
MAX_CHARACTERS = 2_000_000
MAX_NODES = 20_000
MAX_DEPTH = 64

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NONE: Mapping[str, str] = MappingProxyType({})
_BLANKS = "\ufeff \t\r\n\0"


class Node(NamedTuple):
    """One element: its local name, its attributes, its child elements and its trimmed text.

    A tuple, since it is made by the hundred thousand and a dataclass takes thrice the time.
    """

    name: str
    attributes: Mapping[str, str] = _NONE
    children: tuple[Node, ...] = ()
    text: str = ""

    def each(self, name: str) -> Iterator[Node]:
        """The child elements of that name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Node | None:
        """The first child element of that name."""
        return next(self.each(name), None)

    def value(self, name: str) -> str | None:
        """The text of the attribute or else of the child element of that name; None for none."""
        child = self.first(name)
        return self.attributes.get(name, "").strip() or (child.text if child else "") or None


def as_text(data: bytes) -> str:
    """Bytes of a file as text, by byte order mark or by the look of UTF-16; else UTF-8.

    A byte that fits nothing becomes U+FFFD: thumbprints are ASCII, and a name that cannot be read
    shows as such.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    head = data[:64]
    if len(head) > 3 and head[1] == 0 and head[3] == 0:
        return data.decode("utf-16-le", "replace")
    if len(head) > 3 and head[0] == 0 and head[2] == 0:
        return data.decode("utf-16-be", "replace")
    return data.decode("utf-8", "replace")


def shown(text: str, longest: int = 60) -> str:
    """Foreign text for a sentence: quoted, on one line, printable and short."""
    cut = text if len(text) <= longest else text[: longest - 3] + "..."
    return "'" + "".join(sign if sign.isprintable() else "?" for sign in cut) + "'"


def parse_xml(xml: str | bytes) -> Node:
    """The tree of one document; raise DecodeError for what is no XML, or unsafe, or too large."""
    text = (xml if isinstance(xml, str) else as_text(xml)).strip(_BLANKS)
    if len(text) > MAX_CHARACTERS:
        raise DecodeError(f"is larger than {MAX_CHARACTERS:,} characters")
    builder = _Builder()
    # The encoding given here overrules the one declared, which says UTF-16 in most exports.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        words = expat.errors.messages.get(error.code, "unknown error")
        raise DecodeError(f"is not well-formed XML: {words} in line {error.lineno}") from None
    return builder.root


def _local(name: str) -> str:
    return name[name.find(":") + 1 :]


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by local name, without the declarations of namespaces."""
    for key in attributes:
        if ":" in key or key == "xmlns":
            kept = (key for key in attributes if not key.startswith("xmlns"))
            return {_local(key): attributes[key] for key in kept}
    return attributes


class _Builder:
    """Expat's handlers; the open elements wait on a stack until their end makes them nodes."""

    def __init__(self) -> None:
        self.root = Node("")
        self._open: list[tuple[str, Mapping[str, str], list[Node], list[str]]] = []
        self._nodes = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1 + len(attributes)
        if self._nodes > MAX_NODES:
            raise DecodeError(f"has more than {MAX_NODES:,} elements and attributes")
        if len(self._open) == MAX_DEPTH:
            raise DecodeError(f"is nested deeper than {MAX_DEPTH} elements")
        local = _local(name) if ":" in name else name
        self._open.append((local, _plain(attributes) if attributes else _NONE, [], []))

    def end(self, _: str) -> None:
        name, attributes, children, texts = self._open.pop()
        text = "".join(texts).strip() if texts else ""
        node = Node(name, attributes, tuple(children), text)
        if self._open:
            self._open[-1][2].append(node)
        else:
            self.root = node

    def characters(self, text: str) -> None:
        self._open[-1][3].append(text)

    def doctype(self, *_: object) -> None:
        raise DecodeError("has a document type declaration, which no export of Windows has")
