"""Whose password is looked for, how often, and what of it may be an argument."""

from __future__ import annotations

import pytest
from cli.command_line import Command

from psrebind.cli.fleet_options import connection_settings, find_logins
from psrebind.cli.options import Connection
from psrebind.errors import InvalidInput

PROXY = "http://somebody:Planted-1@proxy.example:8080"


def test_a_ticket_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of Kerberos first leaves the password of the same user to be found for the next."""
    monkeypatch.delenv("PSREBIND_PASSWORD", raising=False)
    login = find_logins(Connection())
    assert login("admin", "kerberos").secret is None
    with pytest.raises(InvalidInput, match="no password of admin"):
        login("admin", "ntlm")
    monkeypatch.setenv("PSREBIND_PASSWORD", "Planted-1")
    assert login("admin", "ntlm").secret is not None
    assert login("admin", "negotiate") is login("admin", "ntlm")


@pytest.mark.parametrize("proxy", [PROXY, "http://u:8/Planted-1@proxy:1", "u:Planted-1@[x"])
def test_a_proxy_s_password_is_no_argument(proxy: str) -> None:
    """It is refused before anything is sent, and not told again."""
    with pytest.raises(InvalidInput, match="--proxy has a user or a password") as caught:
        connection_settings(Connection(proxy=proxy))
    assert "Planted-1" not in str(caught.value)


def test_a_proxy_that_is_no_url_is_input(as_admin: Command) -> None:
    """What no parser reads as an URL is one sentence and status 5, never a traceback."""
    ran = as_admin("bindings", "web01.example.com", "--proxy", "http://[x")
    assert ran.status == 5
    assert "a proxy is http://NAME:PORT" in ran.err
    assert "Traceback" not in ran.err
