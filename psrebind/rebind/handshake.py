"""What a client meets: TLS handshakes that take any certificate.

Trust is a question of its own, asked by a second handshake, because this one must also see what
nobody would trust.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from time import monotonic

from psrebind.decode.certificates import served_certificate
from psrebind.decode.coverage import serves
from psrebind.model import Certificate, Thumbprint
from psrebind.services.steps import Endpoint
from psrebind.sessions.base import Limits

# Of the whole process, however many hosts are looked at: each of them waits for its turn.
AT_ONCE = 32
_WORKERS = ThreadPoolExecutor(AT_ONCE, "handshake")


@dataclass(frozen=True)
class Handshake:
    """What was served, or why nothing was; None is unknown."""

    thumbprint: Thumbprint | None = None
    names_ok: bool | None = None
    trusted: bool | None = None
    not_after: datetime | None = None
    error: str | None = None


@dataclass(frozen=True)
class Unseen(Handshake):
    """What nobody waited for any more: it says nothing of what clients meet."""


def handshakes(
    endpoints: Sequence[Endpoint | None], *, timeout: float = 5.0, limits: Limits | None = None
) -> tuple[Handshake, ...]:
    """Knock at many endpoints at a time, within the limits; the answers come in their order.

    Where there is no endpoint nobody is asked.
    """
    if not endpoints:
        return ()
    trust = _trusting()
    within = limits or Limits()

    def knock(place: Endpoint | None) -> Handshake:
        if place is None:
            return Handshake(error="its clients are not looked at")
        if reason := within.reached:
            return Unseen(error=f"not looked at: {reason}")
        left = within.remaining
        patience = timeout if left is None else min(timeout, left)
        found = handshake(place, timeout=patience, trust=trust)
        if found.thumbprint is None and (reason := within.reached):
            return Unseen(error=f"not waited for: {reason}")
        return found

    return tuple(_WORKERS.map(knock, endpoints))


def handshake(
    place: Endpoint, *, timeout: float = 5.0, trust: ssl.SSLContext | None = None
) -> Handshake:
    """Look at the certificate that an endpoint serves; never raises for what a network does."""
    end = monotonic() + timeout
    try:
        der = _served(place, _permissive(), end - monotonic())
    except TimeoutError:
        return Handshake(error=f"no answer within {timeout:g} s")
    except (OSError, ValueError) as error:
        return Handshake(error=_sentence(error))
    certificate = served_certificate(der)
    if not isinstance(certificate, Certificate):
        thumbprint = Thumbprint(certificate.thumbprint)
        return Handshake(thumbprint, error=f"the certificate is unreadable: {certificate.reason}")
    return Handshake(
        thumbprint=certificate.thumbprint,
        names_ok=serves(certificate, place.server_name) if place.server_name else None,
        trusted=_trusted(place, trust, end - monotonic()) if trust else None,
        not_after=certificate.not_after,
    )


@cache
def _trusting() -> ssl.SSLContext:
    # Reading all authorities takes longer than a handshake, and a run has many hosts.
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


def _permissive() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # An old host is to be seen too, not judged: TLS 1.0, short keys, SHA-1, old renegotiation.
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context


def _served(place: Endpoint, context: ssl.SSLContext, timeout: float) -> bytes:
    if timeout <= 0:
        raise TimeoutError
    end = monotonic() + timeout
    with socket.create_connection((place.address, place.port), timeout=timeout) as plain:
        # Once more what is left: a timeout of zero would be no waiting at all.
        plain.settimeout(max(end - monotonic(), 0.001))
        with context.wrap_socket(plain, server_hostname=place.server_name) as encrypted:
            der = encrypted.getpeercert(binary_form=True)
    if der is None:
        raise ValueError("the handshake ended without a certificate")
    return der


def _trusted(place: Endpoint, trust: ssl.SSLContext, timeout: float) -> bool | None:
    try:
        _served(place, trust, timeout)
    except ssl.SSLCertVerificationError:
        return False
    except (OSError, ValueError):
        # Not about trust: an old protocol, say.
        return None
    return True


def _sentence(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed: {error.reason or error}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)
