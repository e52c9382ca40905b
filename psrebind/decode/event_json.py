"""JSON of other tools turned into the trees of events that the XML would have given.

Three families: the event as nested objects (evtx_dump, APT-Hunter, xmltodict; attributes under
``#attributes``, ``X_attributes`` or ``@Name``, repeated nodes as lists or ``Name_1``, also
flattened with ``_`` or ``.``), the event's XML as a string somewhere in the object (Splunk's
``_raw``, ``event.original``, a list of strings), and Winlogbeat's ``winlog``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from psrebind.decode.event_xml import TO_XML, event_texts
from psrebind.decode.events import LIFECYCLE
from psrebind.decode.json_values import json_values
from psrebind.decode.trees import Node
from psrebind.errors import DecodeError

# The XML or the tree of one event, None for an event of another kind, or why there is none.
Piece = str | Node | DecodeError | None

_XML = re.compile(r"<(?:[\w.\-]{1,40}:)?Event[\s>]")
_KEY = re.compile(r"(?P<name>.+?)(?:[_.]\d{1,6})?\Z", re.DOTALL)
_ATTRIBUTES = "_attributes"
_FLAT = re.compile(r"Event[_.](?P<rest>.+)\Z", re.DOTALL)
# SubjectName_1 and EKU_attributes stay in one piece.
_FLAT_PART = re.compile(r"[_.](?!\d{1,6}(?:[_.]|\Z)|attributes(?:[_.]|\Z))")
_WINLOG = {
    "Channel": "channel",
    "Computer": "computer_name",
    "EventID": "event_id",
    "EventRecordID": "record_id",
}


def json_events(text: str) -> Iterator[Piece]:
    """The events in a JSON text, whatever they are wrapped in."""
    for value in json_values(text):
        try:
            yield from _events(value)
        except RecursionError:
            yield DecodeError("is nested too deep")


def _events(value: object) -> Iterator[Piece]:
    if isinstance(value, DecodeError):
        yield value
    elif isinstance(value, str):
        yield from event_texts(value) if _XML.search(value) else ()
    elif isinstance(value, list):
        for element in value:
            yield from _events(element)
    elif isinstance(value, dict):
        found = _recognised(value)
        yield from _events(list(value.values())) if found is None else found


def _recognised(record: dict[str, object]) -> Iterable[Piece] | None:
    """The event that an object is, as it is or in XML; None where it may only hold some."""
    if (xml := _xml_string(record)) is not None:
        return event_texts(xml)
    if isinstance(record.get("Event"), dict):
        return (_node("Event", record["Event"]),)
    if "System" in record and ("UserData" in record or "EventData" in record):
        return (_node("Event", record),)
    if any(key.startswith("winlog.") for key in record):
        record = _nested((key.split(".", 16), value) for key, value in record.items())
    if isinstance(winlog := record.get("winlog"), dict):
        return (_winlog(record, winlog),)
    flat = [(found["rest"], value) for key, value in record.items() if (found := _FLAT.match(key))]
    if flat:
        return (_node("Event", _nested((_FLAT_PART.split(key, 16), v) for key, v in flat)),)
    return _windows_object(record)


def _xml_string(record: Mapping[str, object]) -> str | None:
    """The XML of an event among the strings of an object, or of its ``event``."""
    inner = record.get("event")
    strings = [*record.values(), *(inner.values() if isinstance(inner, dict) else ())]
    for text in strings:
        if isinstance(text, str) and _XML.search(text):
            return text
    # Splunk's add-on keeps the two halves apart.
    system, data = record.get("System_Props_Xml"), record.get("UserData_Xml")
    if isinstance(system, str) and isinstance(data, str):
        return f"<Event>{_wrapped('System', system)}{_wrapped('UserData', data)}</Event>"
    return None


def _wrapped(name: str, xml: str) -> str:
    return xml if xml.lstrip().startswith(f"<{name}") else f"<{name}>{xml}</{name}>"


def _windows_object(record: Mapping[str, object]) -> Iterable[Piece] | None:
    """An event record of .NET as ConvertTo-Json writes it: it has lost the data."""
    if "ProviderName" not in record or not {"Id", "RecordId", "EventID"} & record.keys():
        return None
    if not LIFECYCLE.search(f"{record['ProviderName']} {record.get('LogName')}"):
        return (None,)
    return (DecodeError(f"is an object of Get-WinEvent without the event's data; {TO_XML}"),)


def _winlog(record: Mapping[str, object], winlog: Mapping[str, object]) -> Piece:
    data = winlog.get("user_data")
    data = data if isinstance(data, dict) else {}
    if not LIFECYCLE.search(f"{winlog.get('provider_name')} {winlog.get('channel')}"):
        return None
    data = data.get("CertNotificationData", data)
    if not isinstance(data, dict) or not any(isinstance(part, dict) for part in data.values()):
        return DecodeError(
            "comes from Winlogbeat without the certificates; set include_xml: true there, so that "
            "event.original has them"
        )
    system = {name: winlog.get(key) for name, key in _WINLOG.items()}
    moment = winlog.get("time_created") or record.get("@timestamp")
    provider = {"Name": winlog.get("provider_name"), "Guid": winlog.get("provider_guid")}
    system |= {"Provider": provider, "TimeCreated": {"SystemTime": moment}}
    return _node("Event", {"System": system, "UserData": {"CertNotificationData": data}})


def _nested(pairs: Iterable[tuple[list[str], object]]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for parts, value in pairs:
        place = tree
        for part in parts[:-1]:
            below = place.get(part)
            if not isinstance(below, dict):
                below = place[part] = {} if below is None else {"#text": below}
            place = below
        known = place.get(parts[-1])
        if isinstance(known, dict) and not isinstance(value, dict):
            known["#text"] = value
        else:
            place[parts[-1]] = value
    return tree


def _node(name: str, value: object) -> Node:
    if not isinstance(value, dict):
        return Node(name, text=_text(value))
    attributes: dict[str, str] = {}
    apart: dict[str, dict[str, str]] = {}
    children: list[Node] = []
    for key, inner in value.items():
        if key in ("#attributes", "@attributes"):
            attributes |= _texts(inner)
        elif key.startswith("@"):
            attributes[key[1:]] = _text(inner)
        elif key.endswith(_ATTRIBUTES):
            apart[key.removesuffix(_ATTRIBUTES)] = _texts(inner)
    for key in dict.fromkeys([*value, *apart]):
        if key[:1] not in "#@" and not key.endswith(_ATTRIBUTES):
            children += _children(key, value.get(key), apart.get(key, {}))
    return Node(name, attributes, tuple(children), _text(value.get("#text")))


def _children(key: str, value: object, attributes: Mapping[str, str]) -> Iterator[Node]:
    found = _KEY.match(key)
    name = found["name"] if found else key
    for element in value if isinstance(value, list) else [value]:
        node = _node(name, element)
        yield Node(name, {**attributes, **node.attributes}, node.children, node.text)


def _texts(value: object) -> dict[str, str]:
    return {key: _text(text) for key, text in value.items()} if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """A scalar as XML would have it; half a surrogate pair, which nothing can print, as U+FFFD."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
