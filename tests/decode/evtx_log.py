"""A small writer of .evtx logs, so that reading them is tested on events of our own.

Follows the published format (libevtx, "Windows XML Event Log (EVTX)"): one chunk, no templates,
every name written where it is first used.
"""

from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree

_HEADER, _CHUNK = 4096, 65536
_FIRST_RECORD = 512


class _Binary:
    """Binary XML of one record, which stands at ``offset`` of its chunk."""

    def __init__(self, offset: int):
        self.offset = offset
        self.data = bytearray()

    def name(self, text: str) -> None:
        """A name: where it is, and there it is."""
        self.data += struct.pack("<I", self.offset + len(self.data) + 4)
        code = 0
        for sign in text:
            code = (code * 65599 + ord(sign)) & 0xFFFFFFFF
        self.data += struct.pack("<IHH", 0, code & 0xFFFF, len(text))
        self.data += text.encode("utf-16-le") + b"\0\0"

    def sized(self, start: int) -> None:
        """Put the size of what came since into the four bytes before ``start``."""
        struct.pack_into("<I", self.data, start - 4, len(self.data) - start)

    def value(self, text: str) -> None:
        """A value of type string."""
        self.data += struct.pack("<BBH", 0x05, 0x01, len(text)) + text.encode("utf-16-le")

    def attributes(self, pairs: list[tuple[str, str]]) -> None:
        """The attributes of an element; all but the last say that more follow."""
        self.data += bytes(4)
        start = len(self.data)
        for number, (name, text) in enumerate(pairs, 1):
            self.data.append(0x06 if number == len(pairs) else 0x46)
            self.name(name)
            self.value(text)
        self.sized(start)

    def element(self, node: ElementTree.Element) -> None:
        """An element with all that is in it; outside of templates it names no dependency."""
        self.data += struct.pack("<BI", 0x41 if node.attrib else 0x01, 0)
        start = len(self.data)
        self.name(node.tag.rpartition("}")[2])
        if node.attrib:
            self.attributes(list(node.attrib.items()))
        if len(node) or node.text:
            self.data.append(0x02)
            if node.text:
                self.value(node.text)
            for child in node:
                self.element(child)
            self.data.append(0x04)
        else:
            self.data.append(0x03)
        self.sized(start)


def _record(xml: str, number: int, offset: int) -> bytes:
    binary = _Binary(offset + 24)
    binary.data += b"\x0f\x01\x01\x00"
    binary.element(ElementTree.fromstring(xml))
    binary.data.append(0)
    size = 24 + len(binary.data) + 4
    head = struct.pack("<4sIQQ", b"**\0\0", size, number, 133_000_000_000_000_000)
    return head + bytes(binary.data) + struct.pack("<I", size)


def evtx(*events: str) -> bytes:
    """A log with these events, each given as XML."""
    records = b""
    last = _FIRST_RECORD
    for number, xml in enumerate(events, 1):
        last = _FIRST_RECORD + len(records)
        records += _record(xml, number, last)
    count, free = len(events), _FIRST_RECORD + len(records)
    assert free <= _CHUNK
    sums = struct.pack("<QQQQIIII", 1, count, 1, count, 128, last, free, zlib.crc32(records))
    head = b"ElfChnk\0" + sums + bytes(64) + bytes(4)
    checksum = zlib.crc32(head[:120] + bytes(_FIRST_RECORD - 128))
    chunk = head + struct.pack("<I", checksum) + bytes(_FIRST_RECORD - 128) + records
    top = b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, 0, count + 1, 128, 1, 3, _HEADER, 1)
    top += bytes(76) + bytes(4)
    header = (top + struct.pack("<I", zlib.crc32(top[:120]))).ljust(_HEADER, b"\0")
    return header + chunk.ljust(_CHUNK, b"\0")
