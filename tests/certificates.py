"""Real certificates with EC keys, and the blobs in which a Windows store keeps them."""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from psrebind.model import Thumbprint

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SERVER = "1.3.6.1.5.5.7.3.1"
CLIENT = "1.3.6.1.5.5.7.3.2"
ANY_USAGE = "2.5.29.37.0"


@dataclass(frozen=True)
class Made:
    """A certificate as DER, and its key as PEM."""

    der: bytes
    key: bytes

    @property
    def thumbprint(self) -> Thumbprint:
        """Its SHA-1 hash."""
        return Thumbprint(hashlib.sha1(self.der, usedforsecurity=False).hexdigest())

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        parsed = x509.load_der_x509_certificate(self.der)
        return parsed.public_bytes(serialization.Encoding.PEM)


def make(
    *names: str,
    common_name: str | None = "test",
    begin: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=90),
    usages: Sequence[str] | None = (SERVER,),
    extensions: Sequence[x509.ExtensionType] = (),
) -> Made:
    """Make a certificate with these names (addresses among them); None leaves usages out."""
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    subject = x509.Name(attributes)
    builder = x509.CertificateBuilder(
        issuer_name=subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begin,
        not_valid_after=end,
    )
    if names:
        general = [_general_name(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    if usages is not None:
        oids = [x509.ObjectIdentifier(usage) for usage in usages]
        builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    return Made(signed.public_bytes(serialization.Encoding.DER), _pem(key))


def blob(made: Made, *, key: bool = True, properties: Sequence[tuple[int, bytes]] = ()) -> bytes:
    """Write the registry value Blob; ``properties`` come before the certificate."""
    linked = [(2, b"key provider info")] if key else []
    every = [(3, bytes.fromhex(made.thumbprint)), *linked, *properties, (32, made.der)]
    return b"".join(struct.pack("<III", number, 1, len(data)) + data for number, data in every)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
