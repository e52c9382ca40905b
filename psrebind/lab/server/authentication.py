"""Authentication of a connection's client: Negotiate, NTLM and Basic. Passwords stay in memory."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import struct
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import spnego
from spnego.exceptions import SpnegoError

_NTLM_AUTHENTICATE: Final = b"NTLMSSP\x00\x03\x00\x00\x00"
# pyspnego takes an acceptor's credentials from the file named here, and from nowhere else.
_CREDENTIAL_VARIABLE: Final = "NTLM_USER_FILE"
_environment_lock = threading.Lock()


class Unauthorized(Exception):
    """The request is answered with 401, and with the token if the handshake goes on."""

    def __init__(self, challenge: str | None = None) -> None:
        super().__init__("unauthorized")
        self.challenge = challenge


@dataclass(frozen=True)
class Logons:
    """How often a user tried to log on, and how often in vain."""

    attempts: int = 0
    failures: int = 0


@dataclass
class Connection:
    """What is known about one connection's client; NTLM authenticates the connection."""

    secure: bool
    user: str | None = None
    scheme: str = ""
    basic: str = ""
    context: spnego.ContextProxy | None = None


class CredentialFile:
    """The users in the form that pyspnego reads, in memory where the system has such files."""

    def __init__(self, users: Mapping[str, str]) -> None:
        for user, password in users.items():
            if set(":\r\n") & set(user + password):
                raise ValueError(f"The name or password of '{user}' has a colon or a line break.")
        # A local user may come as `user`, `.\user`; the file wants each spelling in a line.
        lines = [f"{d}:{user}:{pw}\n" for user, pw in users.items() for d in ("", ".")]
        self._descriptor, self.path = _private_file()
        os.write(self._descriptor, "".join(lines).encode())

    @contextlib.contextmanager
    def in_environment(self) -> Iterator[None]:
        """Name the file in the environment for the duration of one call into pyspnego."""
        with _environment_lock:
            before = os.environ.get(_CREDENTIAL_VARIABLE)
            os.environ[_CREDENTIAL_VARIABLE] = self.path
            try:
                yield
            finally:
                if before is None:
                    del os.environ[_CREDENTIAL_VARIABLE]
                else:
                    os.environ[_CREDENTIAL_VARIABLE] = before

    def close(self) -> None:
        """Forget the users."""
        os.close(self._descriptor)
        if not self.path.startswith("/proc/"):
            Path(self.path).unlink()


def _private_file() -> tuple[int, str]:
    if sys.platform == "linux":
        descriptor = os.memfd_create("psrebind-lab-users")
        return descriptor, f"/proc/{os.getpid()}/fd/{descriptor}"
    return tempfile.mkstemp(prefix="psrebind-lab-")


@dataclass
class Authenticator:
    """Checks the clients of one endpoint."""

    users: Mapping[str, str]
    allow_unencrypted: bool
    _logons: dict[str, Logons] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._file = CredentialFile(self.users)

    @property
    def logons(self) -> dict[str, Logons]:
        """Attempts and failures per user, as the client spelled it; a copy."""
        with self._lock:
            return dict(self._logons)

    def close(self) -> None:
        """Forget the users."""
        self._file.close()

    def schemes(self, connection: Connection) -> list[str]:
        """Return what a client of this connection may try."""
        basic = ['Basic realm="WSMAN"'] if connection.secure or self.allow_unencrypted else []
        return ["Negotiate", *basic]

    def authenticate(self, connection: Connection, authorization: str | None) -> str | None:
        """Let the connection have its user, and return the handshake's last token, if any."""
        if authorization is None:
            if connection.user is None or connection.scheme == "Basic":
                raise Unauthorized
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "basic" and len(self.schemes(connection)) > 1:
            self._basic(connection, token.strip())
            return None
        if scheme.lower() in ("negotiate", "ntlm"):
            return self._negotiate(connection, scheme, token.strip())
        raise Unauthorized

    def _basic(self, connection: Connection, token: str) -> None:
        if connection.user is not None and connection.basic == token:
            return
        try:
            user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Unauthorized from None
        expected = self._password(user)
        accepted = expected is not None and hmac.compare_digest(
            expected.encode(), password.encode()
        )
        self._count(user, "accepted" if accepted else "refused")
        if not accepted:
            raise Unauthorized
        connection.user, connection.scheme, connection.basic = user, "Basic", token

    def _negotiate(self, connection: Connection, scheme: str, token: str) -> str | None:
        try:
            incoming = base64.b64decode(token, validate=True)
        except binascii.Error:
            raise Unauthorized from None
        if connection.context is None or connection.context.complete:
            connection.user, connection.context = None, self._new_context(scheme)
        user = _user_of(incoming)
        try:
            with self._file.in_environment():
                answer = connection.context.step(incoming)
        except (SpnegoError, ValueError, struct.error):
            connection.context = None
            if user is not None:
                self._count(user, "refused")
            raise Unauthorized from None
        text = None if answer is None else f"{scheme} {base64.b64encode(answer).decode('ascii')}"
        if not connection.context.complete:
            raise Unauthorized(text)
        connection.user, connection.scheme = user or "", scheme
        self._count(connection.user, "accepted")
        return text

    def _new_context(self, scheme: str) -> spnego.ContextProxy:
        protocol = "ntlm" if scheme.lower() == "ntlm" else "negotiate"
        options = spnego.NegotiateOptions.use_ntlm
        if protocol == "negotiate":
            options = spnego.NegotiateOptions.use_negotiate
        with self._file.in_environment():
            return spnego.server(protocol=protocol, options=options)

    def _password(self, user: str) -> str | None:
        plain = user.removeprefix(".\\").casefold()
        return next((p for name, p in self.users.items() if name.casefold() == plain), None)

    def _count(self, user: str, how: str) -> None:
        with self._lock:
            before = self._logons.get(user, Logons())
            failures = before.failures + (how == "refused")
            self._logons[user] = Logons(before.attempts + 1, failures)


def _user_of(token: bytes) -> str | None:
    # The NTLM message that answers the challenge stands in the token as it is, with or without
    # SPNEGO around it; the name's length and place are in its header, the charset in its flags.
    at = token.find(_NTLM_AUTHENTICATE)
    if at < 0 or len(token) < at + 64:
        return None
    length, _, offset = struct.unpack_from("<HHI", token, at + 36)
    flags = struct.unpack_from("<I", token, at + 60)[0]
    raw = token[at + offset : at + offset + length]
    return raw.decode("utf-16-le" if flags & 1 else "latin-1", "replace")
