"""A host that sends without end, or what nobody asked for: read up to a bound, and left."""

from __future__ import annotations

import base64
import gzip
import itertools
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from stranger import (
    ENOUGH,
    HEAD,
    XML,
    action,
    basic,
    between,
    envelope,
    message,
    page,
    received,
    said,
    to_the_script,
)
from stranger import stranger as strange
from winrm import REPLY, Serve

from psrebind.errors import ConnectError, ReplyError, SessionLost
from psrebind.script import Script
from psrebind.sessions.base import Limits

MB = 1024 * 1024
LIMIT = 1
# What a client may have taken beside what it read: the sockets' own buffers.
BUFFERS = 20 * MB
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
Pieces = Callable[[], Iterator[bytes]]


def forever(first: bytes, again: bytes) -> Pieces:
    """An answer that begins so, and goes on so without end."""
    return lambda: itertools.chain([first], itertools.repeat(again))


def packed(times: int) -> Pieces:
    """A page of many megabytes, packed so many times."""
    data = b"<a/>" * (50 * MB // 4)
    for _ in range(times):
        data = gzip.compress(data, 1)
    said = b"Content-Encoding: " + b", ".join([b"gzip"] * times) + b"\r\n"
    return lambda: iter(page(data, headers=XML + said))


ENDLESS: dict[str, tuple[Pieces, str]] = {
    "chunks": (forever(CHUNKED, CHUNK), "more than 1 MB"),
    "a promise of 10 TB": (
        forever(HEAD + b"Content-Length: 10995116277760\r\n\r\n", b"x" * 65536),
        "more than 1 MB",
    ),
    "no length": (forever(HEAD + b"\r\n", b"x" * 65536), "more than 1 MB"),
    "the line of a chunk": (forever(CHUNKED, b"0" * 65536), ""),
    "trailers": (forever(CHUNKED + b"0\r\n", b"A: " + b"x" * 10000 + b"\r\n"), ""),
    "go on": (forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "more than 1 MB"),
    "gzip": (packed(1), "gzip, which was not asked for"),
    "gzip in gzip": (packed(2), "gzip, gzip, which was not asked for"),
}

DEEP: dict[str, tuple[str, str]] = {
    "deep": ("<a>" * 100_000 + "</a>" * 100_000, "deeper than 64"),
    "deep and unfinished": ("<a>" * 300_000, "deeper than 64"),
    "wide": ("<a/>" * 900_000, "more than 500000 tags"),
    "one tag": ("<a " + "".join(f' a{n}=""' for n in range(20_000)) + "/>", "a tag of more than"),
}


@pytest.mark.parametrize(("pieces", "words"), ENDLESS.values(), ids=ENDLESS)
def test_a_stranger_without_an_end_is_left(pieces: Pieces, words: str) -> None:
    """Before a shell exists it is a host that was not reached; little was read, little asked."""
    with strange(lambda number, body: pieces()) as server:
        error = said(basic(server))
        assert type(error) is ConnectError
        assert words in str(error)
        assert server.sent < 3 * LIMIT * MB + 2 * BUFFERS
        # It may have opened a shell: that much is tried, on a connection of its own.
        assert server.actions[0] == "Create"
        assert server.actions[1:] in ([], ["Delete"], ["Delete", "Delete"])


@pytest.mark.parametrize(("pieces", "words"), ENDLESS.values(), ids=ENDLESS)
def test_a_reply_without_an_end_is_left(serve: Serve, pieces: Pieces, words: str) -> None:
    """After the script was sent it is no reply; little was read, and no shell stays."""
    with between(serve, to_the_script(lambda _: pieces())) as (winrm, server):
        error = said(basic(server))
        # Some of it is cut short by the libraries themselves.
        assert type(error) in ((ReplyError,) if words else (ReplyError, SessionLost))
        assert words in str(error)
        assert server.sent < LIMIT * MB + BUFFERS
        assert winrm.endpoint.open_shells == 0


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
@pytest.mark.parametrize(("inner", "words"), DEEP.values(), ids=DEEP)
def test_deep_xml_is_not_parsed(serve: Serve, inner: str, words: str, status: str) -> None:
    """Neither an answer nor a fault that is nested or split without end reaches a parser."""

    def answer(body: bytes) -> list[bytes]:
        return envelope(body, inner, status=status)

    with between(serve, to_the_script(answer)) as (winrm, server):
        error = said(basic(server, limit=8))
        assert isinstance(error, ReplyError)
        assert words in str(error)
        assert winrm.endpoint.open_shells == 0


@pytest.mark.parametrize(("inner", "words"), DEEP.values(), ids=DEEP)
def test_deep_objects_are_not_read(serve: Serve, inner: str, words: str) -> None:
    """PowerShell's own objects are bounded as what is around them."""
    text = base64.b64encode(message(f"<Obj>{inner}</Obj>")).decode()
    with between(serve, to_the_script(lambda body: received(body, text))) as (winrm, server):
        error = said(basic(server, limit=8))
        assert isinstance(error, ReplyError)
        assert words in str(error)
        assert winrm.endpoint.open_shells == 0


DOCTYPES = {
    "entities": '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>',
    "a comment": "<!-- <a> it's --><a/>",
    "an instruction": "<a/><?it's <a>?>",
    "another encoding": '<?xml version="1.0" encoding="cp037"?><a/>',
}


@pytest.mark.parametrize("text", DOCTYPES.values(), ids=DOCTYPES)
def test_what_no_envelope_has_is_none(text: str) -> None:
    """Doctypes, comments and instructions are not of SOAP, and their contents are not looked at."""
    with strange(lambda number, body: page(text.encode())) as server:
        assert "the answer is not WS-Management" in str(said(basic(server)))


def test_many_receives_are_one_reply(serve: Serve) -> None:
    """A host that sends little at a time, but never its last, comes to the same end."""
    part = base64.b64encode(struct.pack(">QQBI", 7, 0, 0, 30_000) + b"x" * 30_000).decode()
    start = base64.b64encode(struct.pack(">QQBI", 7, 0, 1, 4) + b"xxxx").decode()
    numbers = itertools.count()

    def answer(number: int, body: bytes) -> list[bytes] | None:
        if action(body) != "Receive" or "Command" not in server.actions:
            return None
        count = next(numbers)
        if count == 0:
            return received(body, start)
        again = struct.pack(">QQBI", 7, count, 0, 30_000) + b"x" * 30_000
        return received(body, base64.b64encode(again).decode())

    with between(serve, answer) as (winrm, server):
        error = said(basic(server))
        assert isinstance(error, ReplyError)
        assert "more than 1 MB" in str(error)
        assert server.actions.count("Receive") < MB / len(part) + 5
        assert winrm.endpoint.open_shells == 0


def test_a_flood_of_empty_fragments_is_left(serve: Serve) -> None:
    """Fragments with nothing in them cost no more than their bytes, however many there are."""
    flood = struct.pack(">QQBI", 10**9, 0, 1, 0) + b"".join(
        struct.pack(">QQBI", 10**9, number, 0, 0) for number in range(1, 300_000)
    )
    text = base64.b64encode(flood).decode()
    with between(serve, to_the_script(lambda body: received(body, text))) as (winrm, server):
        # The message never ends; the host's own next Receive brings the reply.
        with basic(server, limit=16) as session:
            assert session.invoke(Script("x"), limits=Limits.within(30))
        assert winrm.endpoint.open_shells == 0


def test_a_flood_of_begun_messages_is_left(serve: Serve) -> None:
    """A host sends one message after another: thousands begun at once are none of PowerShell's."""
    flood = b"".join(struct.pack(">QQBI", 10**9 + number, 0, 1, 0) for number in range(10_000))
    text = base64.b64encode(flood).decode()
    with between(serve, to_the_script(lambda body: received(body, text))) as (winrm, server):
        assert "begins more than 100 messages" in str(said(basic(server)))
        assert winrm.endpoint.open_shells == 0


def test_a_trickle_ends_with_the_time_limit() -> None:
    """Who looks at the clock only between answers reads on when nobody waits any more."""

    def trickle() -> Iterator[bytes]:
        yield CHUNKED
        while True:
            time.sleep(0.05)
            yield b"1\r\nx\r\n"

    with strange(lambda number, body: trickle()) as server:
        assert "time limit" in str(said(basic(server), seconds=1))
        assert server.left.wait(20)
        assert server.actions.count("Create") == 1


def test_a_farewell_ends_too(serve: Serve) -> None:
    """A host whose answer to the shell's deletion trickles does not hold a thread of ours."""

    def answer(number: int, body: bytes) -> Iterator[bytes] | None:
        if action(body) != "Delete":
            return None
        return (time.sleep(0.05) or b"HTTP/1.1 100 Continue\r\n\r\n" for _ in range(ENOUGH))

    with between(serve, answer) as (_, server):
        with basic(server, read_timeout=1) as session:
            assert session.invoke(Script("x"), limits=Limits.within(30))
        assert server.left.wait(20)


FAULT = (
    '<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Detail><f:WSManFault xmlns:f="http:'
    '//schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858793"/></s:Detail></s:Fault>'
)
NOTHING: dict[str, Callable[[bytes], list[bytes]]] = {
    "no stream": received,
    "an empty stream": lambda body: received(body, "", "  "),
    "too soon": lambda body: envelope(body, FAULT, status="500 Internal Server Error"),
}


@pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING)
def test_a_receive_that_is_always_empty_is_not_repeated_at_once(
    serve: Serve, nothing: Callable[[bytes], list[bytes]]
) -> None:
    """A host that has nothing to say and does not wait with it is asked ever more slowly."""

    def answer(number: int, body: bytes) -> list[bytes] | None:
        after = "Command" in server.actions
        return nothing(body) if after and action(body) == "Receive" else None

    with between(serve, answer) as (winrm, server):
        assert "time limit" in str(said(basic(server), seconds=6))
        assert 3 < server.actions.count("Receive") < 20
        assert winrm.endpoint.open_shells == 0


def test_a_shell_that_never_opens_is_not_asked_at_once(serve: Serve) -> None:
    """The same holds while the shell is opened."""

    def answer(number: int, body: bytes) -> list[bytes] | None:
        return received(body) if action(body) == "Receive" else None

    with between(serve, answer) as (winrm, server):
        assert "time limit" in str(said(basic(server), seconds=6))
        assert 3 < server.actions.count("Receive") < 20
        assert winrm.endpoint.open_shells == 0


def test_a_reply_within_the_limit_is_read(serve: Serve) -> None:
    """A reply of many megabytes is one, if it is allowed."""
    text = REPLY.replace('"5.1', '"' + "x" * (3 * MB) + "5.1")
    with serve(lambda script, parameters: text) as winrm:
        with winrm.session(reply_limit=8) as session:
            assert len(session.invoke(Script("x")).powershell) > 3 * MB
        too_much = pytest.raises(ReplyError, match="more than 1 MB: ask for less, or allow more")
        with winrm.session(reply_limit=1) as session, too_much:
            session.invoke(Script("x"))
        assert winrm.endpoint.open_shells == 0
