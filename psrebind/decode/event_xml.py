"""Text with events in it, cut into the XML of single events.

Exports come with a root, without one, or in pieces; cutting first keeps one broken event from
taking the others with it. Each step goes forward, whatever stands in the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from psrebind.decode.trees import MAX_DEPTH
from psrebind.errors import DecodeError

# An inner element may be called Event as well; only a record's begins with System. The end of a
# record that was cut off is seen by the next one's beginning.
_TOKEN = re.compile(
    r"<(?=[!/\w.\-])(?:(?P<comment>!--)|(?P<raw>!\[CDATA\[)|(?P<doctype>!DOCTYPE)"
    r"|(?P<end>/(?:[\w.\-]{1,40}+:)?Event\s*+>)"
    r"|(?:[\w.\-]{1,40}+:)?Event(?P<rest>(?=[\s/>])[^<>]*+)>?"
    r"(?P<record>\s*+<(?:[\w.\-]{1,40}+:)?System[\s/>])?)"
)
_CLIXML_STRING = re.compile(r"<S(?:\s[^<>]*+)?>([^<]*+)</S>")
_CLIXML_CHARACTER = re.compile(r"_x([0-9A-F]{4})_")
TO_XML = (
    "export the XML instead: wevtutil qe "
    "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational /f:xml"
)
_CUT_OFF = "is cut off: the end of the event is missing"


def event_texts(text: str) -> Iterator[str | DecodeError]:
    """The XML of each event in a text, in order; an error for each that has no end."""
    begin, depth, position = 0, 0, 0
    while token := _TOKEN.search(text, position):
        position = token.end()
        if token["doctype"]:
            yield DecodeError("has a document type declaration, which no export of Windows has")
            return
        if token["comment"] or token["raw"]:
            mark = "-->" if token["comment"] else "]]>"
            end = text.find(mark, position)
            position = len(text) if end < 0 else end + len(mark)
        elif token["end"]:
            if depth == 1:
                yield text[begin:position]
            depth = max(depth - 1, 0)
        elif not token["rest"].endswith("/"):
            if depth and token["record"]:
                yield DecodeError(_CUT_OFF)
                depth = 0
            if depth == 0:
                begin = token.start()
            depth += 1
            if depth > MAX_DEPTH:
                break
    if depth:
        yield DecodeError(_CUT_OFF)


def clixml_texts(text: str) -> Iterator[str]:
    """The XML of the events that Export-Clixml wrote as strings."""
    for found in _CLIXML_STRING.finditer(text):
        plain = _CLIXML_CHARACTER.sub(lambda code: chr(int(code[1], 16)), html.unescape(found[1]))
        if "<Event" in plain:
            yield plain
