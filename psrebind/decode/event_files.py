"""Files with events in them, of whatever format: told by their content, not by their name.

One broken record does not take the others with it; a file that has no event at all is refused in
one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psrebind.decode.event_json import Piece, json_events
from psrebind.decode.event_log import MAGIC, log_texts
from psrebind.decode.event_xml import TO_XML, clixml_texts, event_texts
from psrebind.decode.events import LIFECYCLE, LifecycleEvent, event_from, is_lifecycle
from psrebind.decode.trees import as_text, parse_xml
from psrebind.errors import DecodeError

MAX_BYTES = 32_000_000
MAX_RECORDS = 100_000
MAX_UNREADABLE = 100

_COMPRESSED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")
_JSON = re.compile(r"\s*(?:[\[{\"]|Record \d{1,20}\s*\{)")
_XML = re.compile(r"<(?:[\w.\-]{1,40}:)?Event[\s/>]")
_LISTING = re.compile(r"\s*Event\[\d{1,9}\]")
_CLIXML = re.compile(r"(?:#< CLIXML\s*)?\s*<Objs[\s>]")


@dataclass(frozen=True)
class EventFile:
    """What a file had: lifecycle events, records that cannot be read, and how many others."""

    name: str
    events: tuple[LifecycleEvent, ...]
    unreadable: tuple[DecodeError, ...]
    others: int


def read_events(source: Path | bytes, name: str | None = None) -> EventFile:
    """Read every event of a file; raise DecodeError for a file that has none to read."""
    named = name or (str(source) if isinstance(source, Path) else "input")
    try:
        file = _collected(_pieces(_content(source)), named)
        if not file.events and not file.unreadable and not file.others:
            raise DecodeError(f"has no Windows event in it; {TO_XML}")
    except DecodeError as error:
        raise DecodeError(error.reason, file=named, record=error.record) from None
    return file


def _content(source: Path | bytes) -> bytes:
    data = source
    if isinstance(data, Path):
        try:
            with data.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise DecodeError(f"cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise DecodeError(
            f"is larger than {MAX_BYTES // 1_000_000} MB; export the lifecycle channels alone"
        )
    return data


def _pieces(data: bytes) -> Iterator[Piece]:
    if data.startswith(MAGIC):
        return log_texts(data)
    if data.startswith(_COMPRESSED):
        raise DecodeError("is compressed; unpack it first")
    text = as_text(data).lstrip("\ufeff\0")
    if not text.strip():
        raise DecodeError("is empty")
    if _CLIXML.match(text):
        if not (found := list(clixml_texts(text))):
            raise DecodeError(f"is Export-Clixml of objects without the event's data; {TO_XML}")
        return iter(found)
    if _JSON.match(text):
        return json_events(text)
    if text.lstrip().startswith("<") or _XML.search(text):
        return event_texts(text)
    if _LISTING.match(text):
        raise DecodeError(f"is wevtutil's text, which leaves the event's data out; {TO_XML}")
    raise DecodeError(f"is neither XML nor JSON nor an .evtx log; {TO_XML}")


def _collected(pieces: Iterator[Piece], name: str) -> EventFile:
    events: list[LifecycleEvent] = []
    unreadable: list[DecodeError] = []
    others = 0
    for number, piece in enumerate(pieces, 1):
        try:
            if number > MAX_RECORDS or len(unreadable) >= MAX_UNREADABLE:
                raise DecodeError("and what follows is not read: too much of this file is no event")
            event = _decoded(piece)
        except DecodeError as error:
            unreadable.append(DecodeError(error.reason, file=name, record=number))
            if len(unreadable) > MAX_UNREADABLE or number > MAX_RECORDS:
                break
            continue
        others += event is None
        events += [event] if event else []
    return EventFile(name, tuple(events), tuple(unreadable), others)


def _decoded(piece: Piece) -> LifecycleEvent | None:
    """The event of a piece; None for an event of another kind."""
    if isinstance(piece, DecodeError):
        raise piece
    if piece is None or (isinstance(piece, str) and not LIFECYCLE.search(piece)):
        return None
    root = parse_xml(piece) if isinstance(piece, str) else piece
    return event_from(root) if is_lifecycle(root) else None
