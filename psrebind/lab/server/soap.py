"""WS-Management envelopes: reading a request, writing a reply or a fault."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree

from psrebind.lab.server.wsman_faults import WSManFault, malformed

Element = ElementTree.Element

NAMESPACES: Final = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "wsman": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "wsmv": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "wsmanfault": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "wst": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "pwsh": "http://schemas.microsoft.com/powershell",
}
ACTIONS: Final = {
    **{f"{NAMESPACES['wst']}/{name}": name for name in ("Create", "Delete", "Get")},
    **{
        f"{NAMESPACES['rsp']}/{name}": name
        for name in ("Command", "Send", "Receive", "Signal", "Disconnect", "Reconnect", "Connect")
    },
}
FAULT_ACTION: Final = f"{NAMESPACES['wsman']}/fault"
ANONYMOUS: Final = f"{NAMESPACES['wsa']}/role/anonymous"
DEFAULT_OPERATION_TIMEOUT: Final = 60.0
DEFAULT_ENVELOPE_SIZE: Final = 153600
# What surrounds the base64 of a Receive reply: headers, body and the encryption's MIME parts.
ENVELOPE_OVERHEAD: Final = 4096


@dataclass(frozen=True)
class WSManRequest:
    """One request, as far as the service looks at it."""

    action: str
    message_id: str
    resource_uri: str
    shell: str | None
    operation_timeout: float
    envelope_size: int
    body: Element | None
    options: Mapping[str, str] = field(default_factory=dict)


def name(tag: str) -> str:
    """Return `prefix:local` in ElementTree's own spelling."""
    prefix, local = tag.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def element(
    tag: str,
    text: str | None = None,
    *,
    children: Iterable[Element] = (),
    attributes: Mapping[str, str] | None = None,
) -> Element:
    """Return a new element of one of the namespaces above."""
    made = Element(name(tag), dict(attributes or {}))
    made.text = text
    made.extend(children)
    return made


def find_text(parent: Element | None, path: str) -> str | None:
    """Return the text at `path` below `parent`, or None."""
    found = None if parent is None else parent.find(path, NAMESPACES)
    return None if found is None else found.text


def seconds(duration: str | None, default: float) -> float:
    """Return an XML duration of hours, minutes and seconds as seconds."""
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?", (duration or "").strip())
    if match is None or not any(match.groups()):
        return default
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def parse(data: bytes) -> WSManRequest:
    """Return the request in an envelope, or raise the fault that answers it."""
    try:
        envelope = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise malformed(str(error)) from None
    header = envelope.find("s:Header", NAMESPACES)
    body = envelope.find("s:Body", NAMESPACES)
    if header is None or body is None:
        raise malformed("the envelope has no header or no body")
    selectors = header.findall("wsman:SelectorSet/wsman:Selector", NAMESPACES)
    options = header.findall("wsman:OptionSet/wsman:Option", NAMESPACES)
    size = find_text(header, "wsman:MaxEnvelopeSize")
    return WSManRequest(
        action=find_text(header, "wsa:Action") or "",
        message_id=find_text(header, "wsa:MessageID") or "",
        resource_uri=find_text(header, "wsman:ResourceURI") or "",
        shell=next((item.text for item in selectors if item.get("Name") == "ShellId"), None),
        operation_timeout=seconds(
            find_text(header, "wsman:OperationTimeout"), DEFAULT_OPERATION_TIMEOUT
        ),
        envelope_size=int(size) if size and size.isdigit() else DEFAULT_ENVELOPE_SIZE,
        body=next(iter(body), None),
        options={item.get("Name", ""): item.text or "" for item in options},
    )


def reply(request: WSManRequest, *body: Element) -> bytes:
    """Return the envelope that answers a request."""
    return _envelope(f"{request.action}Response", request.message_id, body)


def fault_reply(fault: WSManFault, *, message_id: str, machine: str) -> bytes:
    """Return the envelope that refuses a request."""
    code = {} if fault.code is None else {"Code": str(fault.code)}
    detail = element(
        "wsmanfault:WSManFault",
        children=[element("wsmanfault:Message", fault.message)],
        attributes={**code, "Machine": machine},
    )
    subcode = element("s:Subcode", children=[element("s:Value", fault.subcode)])
    body = element(
        "s:Fault",
        children=[
            element("s:Code", children=[element("s:Value", f"s:{fault.blame}"), subcode]),
            element("s:Reason", children=[element("s:Text", fault.message)]),
            element("s:Detail", children=[detail]),
        ],
    )
    return _envelope(FAULT_ACTION, message_id, [body])


def _envelope(action: str, relates_to: str, body: Iterable[Element]) -> bytes:
    header = element(
        "s:Header",
        children=[
            element("wsa:Action", action),
            element("wsa:MessageID", f"uuid:{str(uuid.uuid4()).upper()}"),
            element("wsa:To", ANONYMOUS),
            element("wsa:RelatesTo", relates_to),
        ],
    )
    envelope = element("s:Envelope", children=[header, element("s:Body", children=body)])
    data: bytes = ElementTree.tostring(envelope, encoding="utf-8")
    return data
