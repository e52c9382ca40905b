"""A server that is no WinRM, or one whose reply is too long, on the command line."""

from __future__ import annotations

import itertools

import pytest
from cli.command_line import Command
from stranger import HEAD, page, stranger
from winrm import ADDRESS

ENDLESS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed to reach one of them."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "sesame")
    return [ADDRESS, "--user", "labadmin", "--auth", "basic", "--allow-basic-without-tls"]


def test_how_much_is_read_can_be_said(psrebind: Command, options: list[str]) -> None:
    """A host that sends without end was not reached, and the limit is the one that was typed."""
    with stranger(lambda *_: itertools.chain([ENDLESS], itertools.repeat(CHUNK))) as server:
        ran = psrebind("hosts", *options, "--port", str(server.port), "--reply-limit", "1")
    assert ran.status == 4
    assert f"{ADDRESS}: the host sends more than 1 MB. Check the name and the port" in ran.err


def test_who_asks_for_no_logon_is_told_in_a_sentence(psrebind: Command, options: list[str]) -> None:
    """It is a host that was not reached, never a bug of ours."""
    with stranger(lambda *_: page(b"")) as server:
        ran = psrebind("hosts", *options, "--port", str(server.port), "--auth", "ntlm")
    assert ran.status == 4
    assert "the host lets anybody in, without asking for a logon" in ran.err
