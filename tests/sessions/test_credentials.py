"""Where a password comes from."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from psrebind.errors import InvalidInput
from psrebind.sessions.credentials import PasswordSource, resolve


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self._passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Give a password."""
        return self._passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        self._passwords[service, username] = password


@pytest.fixture
def memory() -> Iterator[KeyringBackend]:
    """A keyring of the test's own in the system's place."""
    before = keyring.get_keyring()
    made = MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_the_environment_has_the_password() -> None:
    """The variable PSREBIND_PASSWORD is read, and the password shows nowhere."""
    credential = resolve("admin", environment={"PSREBIND_PASSWORD": "geheim"})
    assert credential.secret is not None
    assert credential.secret.reveal() == "geheim"
    assert "geheim" not in repr(credential)


def test_the_variable_may_have_another_name() -> None:
    """Another variable may be named, and only that one is read."""
    environment = {"PSREBIND_PASSWORD": "a", "OTHER": "b"}
    credential = resolve("admin", variable="OTHER", environment=environment)
    assert credential.secret is not None
    assert credential.secret.reveal() == "b"


@pytest.mark.parametrize("environment", [{}, {"PSREBIND_PASSWORD": ""}], ids=str)
def test_a_missing_variable_is_named(environment: dict[str, str]) -> None:
    """A variable that is absent or empty is an error that names it."""
    with pytest.raises(InvalidInput, match="PSREBIND_PASSWORD"):
        resolve("admin", environment=environment)


def test_a_user_name_is_needed() -> None:
    """A password without a user name is refused."""
    with pytest.raises(InvalidInput, match="user name"):
        resolve("", environment={"PSREBIND_PASSWORD": "geheim"})


def test_the_keyring_has_the_password(memory: KeyringBackend) -> None:
    """The keyring is asked for the service psrebind and the user."""
    memory.set_password("psrebind", "admin", "geheim")
    credential = resolve("admin", PasswordSource.KEYRING)
    assert credential.secret is not None
    assert credential.secret.reveal() == "geheim"


def test_a_keyring_without_the_password_says_how_to_set_it(memory: KeyringBackend) -> None:
    """A keyring without the password is an error with the command that sets it."""
    with pytest.raises(InvalidInput, match="keyring set psrebind admin"):
        resolve("admin", PasswordSource.KEYRING)


def test_a_missing_keyring_is_one_sentence(memory: KeyringBackend) -> None:
    """Without a keyring on this machine the error is one line."""
    keyring.set_keyring(NoKeyring())
    with pytest.raises(InvalidInput) as caught:
        resolve("admin", PasswordSource.KEYRING)
    assert "\n" not in str(caught.value)


def test_no_prompt_without_a_terminal() -> None:
    """Without a terminal nobody is asked."""
    with pytest.raises(InvalidInput, match="terminal"):
        resolve("admin", PasswordSource.PROMPT)
