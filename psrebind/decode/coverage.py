"""Which names a certificate stands for, and which a new one loses (field notes B4)."""

from __future__ import annotations

import re

from psrebind.decode.names import covers
from psrebind.model import Certificate

_HOST_NAME = re.compile(r"[\w*.-]+")


def names(certificate: Certificate) -> tuple[str, ...]:
    """The names it stands for: dNSNames and addresses, the CN only where there is no dNSName."""
    common = certificate.common_name
    fallback = (common,) if common and _HOST_NAME.fullmatch(common) else ()
    return (*(certificate.dns_names or fallback), *certificate.ip_addresses)


def serves(certificate: Certificate, name: str) -> bool:
    """Whether a certificate stands for a name or an address."""
    return any(covers(pattern, name) for pattern in names(certificate))


def lost_names(old: Certificate, new: Certificate, host: str) -> tuple[str, ...]:
    """The names of a binding's clients that the old certificate serves and the new does not.

    A host name that the old one does not fit is no reason: sites behind a proxy never matched.
    """
    if not host:
        wanted = names(old)
    else:
        wanted = (host,) if serves(old, host) else ()
        if host.startswith("*."):
            wanted += tuple(name for name in names(old) if covers(host, name))
    return tuple(dict.fromkeys(name for name in wanted if not serves(new, name)))
