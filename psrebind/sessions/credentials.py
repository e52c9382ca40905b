"""Where a password comes from: environment, keyring or a prompt; never an argument."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from psrebind.errors import InvalidInput
from psrebind.model import Secret

PASSWORD_VARIABLE = "PSREBIND_PASSWORD"
KEYRING_SERVICE = "psrebind"


@dataclass(frozen=True)
class Credential:
    """A user name, as Windows takes it, and its password; without one, a Kerberos ticket serves."""

    username: str
    secret: Secret | None = None


class PasswordSource(StrEnum):
    """Where to look for a password."""

    ENVIRONMENT = "environment"
    KEYRING = "keyring"
    PROMPT = "prompt"


def resolve(
    username: str,
    source: PasswordSource = PasswordSource.ENVIRONMENT,
    *,
    variable: str = PASSWORD_VARIABLE,
    environment: Mapping[str, str] = os.environ,
) -> Credential:
    """Give the user's credential from one source; raise InvalidInput when it has no password."""
    if not username:
        raise InvalidInput("a password is of no use without a user name")
    match source:
        case PasswordSource.ENVIRONMENT:
            password = environment.get(variable, "")
            if not password:
                raise InvalidInput(f"the environment variable {variable} holds no password")
        case PasswordSource.KEYRING:
            password = _from_keyring(username)
        case PasswordSource.PROMPT:
            password = _from_prompt(username)
    return Credential(username, Secret(password))


def _from_keyring(username: str) -> str:
    try:
        import keyring
    except ImportError as error:
        raise InvalidInput("the package keyring is missing: pip install keyring") from error
    try:
        password = keyring.get_password(KEYRING_SERVICE, username)
    except Exception as error:  # each backend raises what it likes, a locked one its system's error
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise InvalidInput(f"the keyring gave no answer: {said}") from error
    if not password:
        raise InvalidInput(
            f"the keyring has no password of {username}: keyring set {KEYRING_SERVICE} {username}"
        )
    return password


def _from_prompt(username: str) -> str:
    # getpass without a terminal would read the password from a pipe, and echo it.
    if not sys.stdin.isatty():
        raise InvalidInput("no terminal to ask for a password on")
    password = getpass.getpass(f"Password of {username}: ")
    if not password:
        raise InvalidInput("no password was given")
    return password
