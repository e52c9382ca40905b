"""What is no WinRM at all: whatever it says is its own fault, and told in a sentence."""

from __future__ import annotations

import base64
import struct

import pytest
from stranger import (
    HEAD,
    Answer,
    basic,
    between,
    challenge,
    envelope,
    message,
    ntlm,
    page,
    received,
    said,
    to_the_script,
)
from stranger import stranger as strange
from winrm import ADDRESS, PASSWORD, Serve

from psrebind.errors import ConnectError, SessionLost
from psrebind.model import Secret
from psrebind.sessions.credentials import Credential
from psrebind.sessions.remote import ConnectionOptions, RemoteSession

UNASKED = {
    "never": lambda number, body: page(b""),
    "never, with a page": lambda number, body: page(b"<html>hello</html>"),
    "without a challenge": challenge(page(b"")),
}


@pytest.mark.parametrize("answer", UNASKED.values(), ids=UNASKED)
def test_a_host_that_never_asks_for_a_logon_is_no_winrm(answer: Answer) -> None:
    """It says so in a sentence, not in a word of Python."""
    with strange(answer) as server:
        error = said(ntlm(server))
        assert type(error) is ConnectError
        assert "the host lets anybody in, without asking for a logon" in str(error)
        assert "Check the name and the port" in str(error)


class Heard:
    """A fleet's side of a logon, which notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def begin(self) -> None:
        """A credential is about to be sent."""
        self.heard.append("begin")

    def accepted(self) -> None:
        """A host took it."""
        self.heard.append("accepted")


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_who_asks_for_no_proof_has_not_accepted_the_password(status: str) -> None:
    """The other hosts of a fleet wait until one has seen it and was content."""
    with strange(challenge(page(b"", status=status))) as server:
        logon = Heard()
        options = ConnectionOptions(ADDRESS, port=server.port, auth="ntlm")
        credential = Credential("labadmin", Secret(PASSWORD))
        said(RemoteSession(options, credential, logon=logon))
        assert logon.heard == ["begin"]


def test_a_host_that_offers_another_way_only_says_which() -> None:
    """Nothing of a credential was sent then."""
    asking = page(b"", status="401 Unauthorized", headers=b"WWW-Authenticate: Kerberos\r\n")
    with strange(lambda number, body: asking) as server:
        error = said(ntlm(server))
        assert type(error) is ConnectError
        assert "the host does not take ntlm, it offers: Kerberos. Choose another" in str(error)


NONSENSE = {
    "a token that is none": challenge(
        page(b"", status="401 Unauthorized", headers=b"WWW-Authenticate: Negotiate !!!!\r\n")
    ),
    "a challenge of zeros": challenge(
        page(b"", status="401 Unauthorized", headers=b"WWW-Authenticate: Negotiate AAAA\r\n")
    ),
    "a part without a boundary": lambda number, body: page(
        b"x", headers=b"Content-Type: multipart/encrypted; nothing\r\n"
    ),
    "another request's": lambda number, body: envelope(b"", "<a/>"),
    "no body": lambda number, body: page(b"<a/>"),
    "nothing": lambda number, body: page(b""),
    "a status that is none": lambda number, body: page(b"", status="999 What"),
    "a length that is none": lambda number, body: [
        HEAD + b"Content-Length: -5\r\nConnection: close\r\n\r\n"
    ],
    "a length of many digits": lambda number, body: [
        HEAD + b"Content-Length: " + b"9" * 10_000 + b"\r\n\r\n"
    ],
    "two lengths": lambda number, body: [HEAD + b"Content-Length: 5, 6\r\n\r\nhello"],
    "no header but a colon": lambda number, body: [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n: x\r\n\r\n"
    ],
}


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_never_a_bug_of_ours(answer: Answer, auth: str) -> None:
    """Whatever a server says, the error is of the host, and has no word of Python in it."""
    with strange(answer) as server:
        error = said(basic(server) if auth == "basic" else ntlm(server))
        assert error.exit_status == 4
        assert str(error).startswith(f"{ADDRESS}: ")
        for word in ("Error", "None", "object", "errno", "Traceback"):
            assert word not in str(error).replace("HTTPError", "")


STREAMS = {
    "no base64": "A",
    "half a fragment": base64.b64encode(b"xxxx").decode(),
    "a message of no kind": base64.b64encode(message("<a/>", 5)).decode(),
    "no message": base64.b64encode(struct.pack(">QQBI", 7, 0, 3, 0)).decode(),
    "a fragment out of order": base64.b64encode(struct.pack(">QQBI", 7, 5, 0, 0)).decode(),
    "a state that is text": base64.b64encode(message("<S>x</S>", 0x00041006)).decode(),
    "progress that is none": base64.b64encode(message("<S>x</S>", 0x00041010)).decode(),
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_nonsense_after_the_script_is_none_either(serve: Serve, stream: str) -> None:
    """After the script was sent the outcome is unknown, in a sentence; no shell stays."""
    with between(serve, to_the_script(lambda body: received(body, stream))) as (winrm, server):
        error = said(basic(server))
        assert isinstance(error, SessionLost)
        assert "Error" not in str(error)
        assert winrm.endpoint.open_shells == 0


def test_an_answer_in_clear_is_not_believed(serve: Serve) -> None:
    """Who cannot encrypt as the host of the logon does is somebody else on the way."""

    def answer(number: int, body: bytes) -> list[bytes] | None:
        return page(b"<a/>") if number == 4 else None

    with between(serve, answer, allow_unencrypted=False) as (_, server):
        error = said(ntlm(server))
        assert type(error) is ConnectError
        assert "an answer came in clear" in str(error)
