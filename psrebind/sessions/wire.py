"""HTTP's answers as they come from the socket, each byte counted wherever it stands."""

from __future__ import annotations

import http.client
import io
from typing import Any
from xml.etree.ElementTree import ParseError

import requests

from psrebind.sessions.bounds import Meter, OutOfBounds


class _Counted(io.RawIOBase):
    """A socket's file that asks and tells the meter at each piece.

    Status lines, headers, the lines between chunks and the trailers all come through here:
    http.client and urllib3 bound some of them, and none in number.
    """

    def __init__(self, inner: Any, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter
        # pypsrp looks here for the host's certificate, to bind the logon to it.
        self._sock = inner._sock

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read one piece."""
        self._meter.look()
        count: int | None = self._inner.readinto(buffer)
        self._meter.take(count or 0)
        return count

    def fileno(self) -> int:
        """The socket's number."""
        number: int = self._inner.fileno()
        return number

    def close(self) -> None:
        """Let the socket go."""
        if not self.closed:
            self._inner.close()
        super().close()


def metered_class(kind: Any, meter: Meter) -> Any:
    """urllib3's class of a connection, whose answers are counted."""

    class Answer(http.client.HTTPResponse):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.fp = io.BufferedReader(_Counted(self.fp.detach(), meter))

        def begin(self) -> None:
            """Read the head; urllib3 would leave the socket open over one with two lengths."""
            super().begin()
            said = ",".join(self.headers.get_all("Content-Length", [])).split(",")
            if len({length.strip() for length in said}) > 1:
                raise ParseError("two lengths")

    return type(kind.__name__, (kind,), {"response_class": Answer})


def check_head(response: requests.Response, meter: Meter) -> None:
    """Raise OutOfBounds for a body that must not be read, before any of it is."""
    packing = response.headers.get("Content-Encoding", "identity").strip()
    if packing.lower() not in ("", "identity"):
        raise OutOfBounds(f"the host answers in {packing[:40]}, which was not asked for")
    length = response.headers.get("Content-Length", "").strip()
    if length.isdecimal():
        meter.expect(int(length[:18]))
    # Nobody need guess it from the body, which takes long.
    response.encoding = "utf-8"
