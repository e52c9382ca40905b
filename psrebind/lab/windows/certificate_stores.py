"""Certificates in a host's stores, and the blobs in which Windows keeps them."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_authority import Issued
from psrebind.lab.windows.names import same_name

STORES = ("My", "WebHosting", "Root", "CA")
MAXIMUM_CHAIN = 20


@dataclass(frozen=True, kw_only=True)
class StoredCertificate:
    """One certificate in one store; a linked key may still be unusable (key is None).

    A ``locked`` key opens for an administrator, and not for Windows, which binds it.
    """

    store: str
    der: bytes
    key: str | None = None
    key_linked: bool = True
    friendly_name: str | None = None
    archived: bool = False
    renewed_by: str | None = None
    template: str | None = None
    locked: bool = False

    @property
    def thumbprint(self) -> str:
        """Return the SHA-1 hash, upper case."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    @property
    def parsed(self) -> x509.Certificate:
        """Return the certificate to look into."""
        return x509.load_der_x509_certificate(self.der)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the dNSNames."""
        try:
            extension = self.parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return ()
        return tuple(extension.value.get_values_for_type(x509.DNSName))

    @property
    def not_after(self) -> datetime:
        """Return the end of its validity."""
        return self.parsed.not_valid_after_utc


def stored(issued: Issued, store: str, *, friendly_name: str | None = None) -> StoredCertificate:
    """Return an issued certificate as it lies in a store after an import."""
    return StoredCertificate(
        store=store, der=issued.certificate, key=issued.key, friendly_name=friendly_name
    )


def same_store(one: str | None, other: str | None) -> bool:
    """Tell whether two store names mean one store; an http.sys record without one means My."""
    return same_name(one or "My", other or "My")


def find(
    certificates: tuple[StoredCertificate, ...], store: str | None, thumbprint: str | None
) -> StoredCertificate | None:
    """Return the certificate with a thumbprint in one store, archived or not."""
    wanted = (thumbprint or "").upper()
    for certificate in certificates:
        if certificate.thumbprint == wanted and same_store(certificate.store, store):
            return certificate
    return None


def covers(certificate: StoredCertificate, name: str) -> bool:
    """Tell whether a certificate's dNSNames cover an A-label host name."""
    parent = name.partition(".")[2]
    names = {one.casefold() for one in certificate.names}
    return name.casefold() in names or (bool(parent) and f"*.{parent}".casefold() in names)


def newest(
    certificates: tuple[StoredCertificate, ...], start: StoredCertificate
) -> StoredCertificate:
    """Follow renewal links within one store to the last certificate that has its key."""
    current = start
    for _ in range(MAXIMUM_CHAIN):
        following = find(certificates, start.store, current.renewed_by)
        if following is None or following.key is None:
            return current
        current = following
    return current


def blob(certificate: StoredCertificate, assumptions: Assumptions) -> bytes:
    """Write a certificate with its properties as the registry value Blob."""
    thumbprint = bytes.fromhex(certificate.thumbprint)
    public_key = certificate.parsed.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    properties = [(3, thumbprint), (20, public_key.value.digest)]
    if certificate.key_linked:
        properties.append((assumptions.blob_property_key, _key_provider(certificate.thumbprint)))
    if certificate.friendly_name is not None:
        properties.append((11, (certificate.friendly_name + "\0").encode("utf-16-le")))
    if certificate.archived:
        properties.append((assumptions.blob_property_archived, b""))
    if certificate.renewed_by is not None:
        link = bytes.fromhex(certificate.renewed_by)
        properties.append((assumptions.blob_property_renewal, link))
    properties.append((32, certificate.der))
    return b"".join(struct.pack("<III", number, 1, len(data)) + data for number, data in properties)


def _key_provider(thumbprint: str) -> bytes:
    # CRYPT_KEY_PROV_INFO as it is stored: offsets in place of pointers, then the two strings.
    container = f"tp-{thumbprint.lower()}\0".encode("utf-16-le")
    provider = "Microsoft Software Key Storage Provider\0".encode("utf-16-le")
    header = 7 * 4
    machine_key_set = 0x20
    fields = (header, header + len(container), 0, machine_key_set, 0, 0, 0)
    return struct.pack("<7I", *fields) + container + provider
