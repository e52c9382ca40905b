"""Whose password is looked for, how often, and what of it may be an argument."""

from __future__ import annotations

import pytest

from psrebind.cli.opening import given, logins
from psrebind.cli.options import Connection
from psrebind.errors import InvalidInput

PROXY = "http://somebody:Planted-1@proxy.example:8080"


def test_a_ticket_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of Kerberos first leaves the password of the same user to be found for the next."""
    monkeypatch.delenv("PSREBIND_PASSWORD", raising=False)
    login = logins(Connection())
    assert login("admin", "kerberos").secret is None
    with pytest.raises(InvalidInput, match="no password of admin"):
        login("admin", "ntlm")
    monkeypatch.setenv("PSREBIND_PASSWORD", "Planted-1")
    assert login("admin", "ntlm").secret is not None
    assert login("admin", "negotiate") is login("admin", "ntlm")


def test_a_proxy_s_password_is_no_argument() -> None:
    """It is refused before anything is sent, and not told again."""
    with pytest.raises(InvalidInput, match="--proxy has a user or a password") as caught:
        given(Connection(proxy=PROXY))
    assert "Planted-1" not in str(caught.value)
