"""WinRM's message encryption: envelopes as the sealed MIME parts of a Negotiate connection."""

from __future__ import annotations

import struct
from typing import Final

from spnego.exceptions import SpnegoError

from psrebind.lab.server.authentication import Connection

BOUNDARY: Final = b"--Encrypted Boundary"
ENCRYPTED: Final = "multipart/encrypted"
PROTOCOL: Final = "application/HTTP-SPNEGO-session-encrypted"
ENCRYPTED_TYPE: Final = f'{ENCRYPTED};protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
PLAIN_TYPE: Final = "application/soap+xml;charset=UTF-8"
_OCTETS: Final = b"\tContent-Type: application/octet-stream\r\n"


class NotEncrypted(Exception):
    """The body is not what this connection's encryption demands."""


def decrypt(connection: Connection, content_type: str, body: bytes) -> bytes:
    """Return the envelope in a request's body, or refuse one that had to be encrypted."""
    if not content_type.lower().startswith(ENCRYPTED):
        return body
    if connection.context is None:
        raise NotEncrypted
    start = body.find(_OCTETS)
    end = body.rfind(BOUNDARY + b"--")
    if start < 0 or end < start + len(_OCTETS) + 4:
        raise NotEncrypted
    sealed = body[start + len(_OCTETS) : end]
    header = struct.unpack_from("<i", sealed)[0]
    try:
        return connection.context.unwrap_winrm(sealed[4 : 4 + header], sealed[4 + header :])
    except SpnegoError:
        raise NotEncrypted from None


def encrypt(connection: Connection, envelope: bytes) -> bytes:
    """Return a reply's envelope as the MIME parts of message encryption."""
    assert connection.context is not None
    sealed = connection.context.wrap_winrm(envelope)
    length = len(envelope) + sealed.padding_length
    head = (
        f"\r\n\tContent-Type: {PROTOCOL}\r\n"
        f"\tOriginalContent: type={PLAIN_TYPE};Length={length}\r\n"
    ).encode()
    data = struct.pack("<i", len(sealed.header)) + sealed.header + sealed.data
    return BOUNDARY + head + BOUNDARY + b"\r\n" + _OCTETS + data + BOUNDARY + b"--\r\n"
