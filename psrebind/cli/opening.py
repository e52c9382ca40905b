"""From the connection options to a session: whose password, which limits, which templates.

Knows options and sessions; knows no command.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from psrebind.cli.options import Connection, Source
from psrebind.errors import InvalidInput
from psrebind.sessions.base import Limits
from psrebind.sessions.credentials import Credential, PasswordSource, resolve
from psrebind.sessions.remote import ConnectionOptions, Fingerprint, RemoteSession

if TYPE_CHECKING:
    from psrebind.templates import Library


def session(target: str, connection: Connection) -> RemoteSession:
    """A session that opens when it is first asked; all input is checked now."""
    return RemoteSession(options(target, connection), credential(connection))


def options(target: str, connection: Connection) -> ConnectionOptions:
    """How a host is reached, checked; for whoever opens more than one session with it."""
    return ConnectionOptions(
        target,
        address=connection.address,
        port=connection.port,
        ssl=connection.ssl,
        ca_file=connection.ca_file,
        pinned=None if connection.pin is None else Fingerprint(connection.pin),
        auth=connection.auth,
        configuration_name=connection.configuration_name,
        connect_timeout=connection.connect_timeout,
        proxy=connection.proxy,
        certificate_pem=connection.client_certificate,
        certificate_key=connection.client_key,
        allow_basic_without_tls=connection.allow_basic_without_tls,
    )


def credential(connection: Connection) -> Credential | None:
    """The user's credential from the first source that is there: environment, keyring, prompt."""
    if connection.user is None:
        return None
    if os.environ.get(connection.password_env):
        source = PasswordSource.ENVIRONMENT
    elif connection.keyring:
        source = PasswordSource.KEYRING
    elif connection.auth == "kerberos":
        return Credential(connection.user)
    elif sys.stdin.isatty():
        source = PasswordSource.PROMPT
    else:
        raise InvalidInput(
            f"no password of {connection.user}: put it into the environment variable "
            f"{connection.password_env}, or use --keyring, or run this on a terminal to be asked"
        )
    return resolve(connection.user, source, variable=connection.password_env)


def limits(connection: Connection) -> Limits:
    """The limits of the whole command, counted from now."""
    return Limits.within(connection.timeout)


def library(source: Source) -> Library:
    """The templates, the user's folder first."""
    from psrebind.templates import Library

    return Library([source.templates] if source.templates else [])
