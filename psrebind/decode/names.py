"""Names of hosts as certificates and http.sys compare them (A-labels, lower case), and those of
certificates.
"""

from __future__ import annotations

import ipaddress

import idna

from psrebind.model import Certificate


def a_label(name: str) -> str:
    """A host name as A-labels in lower case; text that is no host name as it is, lower case.

    UTS 46 mapping, as browsers do; label by label, since an underscore or a star in one is no
    reason to leave the others.
    """
    lowered = name.strip().lower().rstrip(".")
    if lowered.isascii():
        return lowered
    try:
        labels = idna.uts46_remap(lowered, std3_rules=False).split(".")
        return ".".join(
            label if label.isascii() else idna.encode(label).decode("ascii") for label in labels
        )
    except idna.IDNAError:
        return lowered


def is_address(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def covers(pattern: str, name: str) -> bool:
    """Whether a certificate's name fits a host name; a wildcard stands for one left label."""
    pattern, name = a_label(pattern), a_label(name)
    if pattern == name:
        return True
    if not pattern.startswith("*."):
        return False
    label, _, rest = name.partition(".")
    return bool(label) and label != "*" and rest == pattern[2:]


def certificate_name(certificate: Certificate) -> str:
    """The one name by which a person knows a certificate; many have no common name."""
    names = (*certificate.dns_names, *certificate.ip_addresses)
    return certificate.common_name or next(iter(names), certificate.subject)
