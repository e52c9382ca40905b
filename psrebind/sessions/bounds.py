"""The bounds of what a host sends: how much of it is read, and how deep it may be nested."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from xml.etree.ElementTree import ParseError

MEGABYTE: Final = 1024 * 1024
# WinRM's envelopes are some ten levels deep, PowerShell's objects twice that at most.
DEEPEST: Final = 64
# A parser makes some hundred bytes of a tag of four. One record of a stream has twenty or thirty.
MOST_TAGS: Final = 500_000
LONGEST_TAG: Final = 65_536
_TAG: Final = re.compile(r"""<(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""")


class OutOfBounds(Exception):
    """The host sends more than is read; the text is a sentence that says what.

    ``advice`` is for whoever knows that it is the reply of a script.
    """

    def __init__(self, reason: str, *, advice: str = "") -> None:
        super().__init__(reason)
        self.advice = advice


class CutShort(Exception):
    """An answer was left in its middle: the connection is of no use any more."""


class Meter:
    """What the host has sent for one script; ``look`` is asked between the pieces of an answer."""

    def __init__(self, megabytes: int, look: Callable[[], None] = lambda: None) -> None:
        self.look = look
        self._megabytes = megabytes
        self.restart()

    def restart(self) -> None:
        """Count anew: another script begins."""
        self._bytes = 0
        self._tags = 0

    def expect(self, count: int) -> None:
        """Raise OutOfBounds where so many bytes more would be too many."""
        if self._bytes + count > self._megabytes * MEGABYTE:
            raise OutOfBounds(
                f"the host sends more than {self._megabytes} MB",
                advice="ask for less, or allow more by --reply-limit (reply_limit in Python)",
            )

    def take(self, count: int) -> None:
        """Count bytes that came."""
        self.expect(count)
        self._bytes += count

    def check(self, text: str) -> str:
        """Give an XML text back that may be parsed; raise ParseError for one that is none of ours.

        SOAP has no doctypes and no instructions, WinRM and PowerShell write no comments: without
        them a tag is what looks like one. What is not well-formed stops the parser where it is.
        """
        if "<!" in text or text.find("<?", 1) >= 0:
            raise ParseError("a doctype, a comment or an instruction")
        self._tags += text.count("<")
        if self._tags > MOST_TAGS:
            raise OutOfBounds(f"the host sends more than {MOST_TAGS} tags")
        depth = 0
        for tag in _TAG.finditer(text):
            if tag.end() - tag.start() > LONGEST_TAG:
                raise OutOfBounds(f"the host sends a tag of more than {LONGEST_TAG} characters")
            if text.startswith("</", tag.start()):
                depth -= 1
            elif text[tag.end() - 2] not in "/?":
                depth += 1
            if depth > DEEPEST:
                raise OutOfBounds(f"the host nests its answer deeper than {DEEPEST} levels")
        return text
