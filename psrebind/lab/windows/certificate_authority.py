"""The lab's certification authority: real certificates with real keys, fast ones."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from psrebind.decode.names import a_label
from psrebind.folders import make_private
from psrebind.lab.windows.persistence import write_text

SERVER_AUTHENTICATION = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string
TEMPLATE_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2")


@dataclass(frozen=True, kw_only=True)
class CertificateRequest:
    """What a certificate shall say; no usages means no EKU extension."""

    subject: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    usages: tuple[str, ...] = (SERVER_AUTHENTICATION,)
    template: str | None = None


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate and its key."""

    certificate: bytes
    key: str


def private_key_text(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


class Authority:
    """One CA, kept in a folder as ca.pem and ca.key."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def load_or_create(cls, folder: Path, *, now: datetime | None = None) -> Authority:
        """Return the folder's CA; a new folder gets a new one."""
        if not (folder / "ca.key").exists():
            make_private(folder)
            created = _new_authority(now or datetime.now(UTC))
            pem = created.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
            write_text(folder / "ca.pem", pem)
            write_text(folder / "ca.key", private_key_text(created._key))
            return created
        certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"The key in '{folder}' is not an EC key.")
        return cls(certificate, key)

    def issue(self, request: CertificateRequest) -> Issued:
        """Issue a certificate with a new P-256 key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return _issued(request, key, issuer=self.certificate.subject, issuer_key=self._key)


def self_signed(names: Sequence[str], not_before: datetime, not_after: datetime) -> Issued:
    """Return a certificate for host names that its own new key signed, as PowerShell makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = CertificateRequest(
        subject=names[0], names=tuple(names), not_before=not_before, not_after=not_after
    )
    return _issued(request, key, issuer=_common_name(names[0]), issuer_key=key)


def _issued(
    request: CertificateRequest,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> Issued:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_common_name(request.subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(request.not_before)
        .not_valid_after(request.not_after)
    )
    for extension, critical in _extensions(request, key, issuer_key):
        builder = builder.add_extension(extension, critical=critical)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    return Issued(
        certificate=certificate.public_bytes(serialization.Encoding.DER), key=private_key_text(key)
    )


def _extensions(
    request: CertificateRequest,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (_key_usage(signs_certificates=False), True),
    ]
    if request.names:
        names = x509.SubjectAlternativeName([_general_name(name) for name in request.names])
        extensions.append((names, False))
    if request.usages:
        usages = [x509.ObjectIdentifier(usage) for usage in request.usages]
        extensions.append((x509.ExtendedKeyUsage(usages), False))
    if request.template:
        # A version 1 template's name is a DER BMPString in Microsoft's own extension.
        text = request.template.encode("utf-16-be")
        value = bytes([0x1E, len(text)]) + text
        extensions.append((x509.UnrecognizedExtension(TEMPLATE_NAME, value), False))
    return extensions


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(a_label(name))


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _new_authority(now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _common_name("psrebind lab CA")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=730))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)
