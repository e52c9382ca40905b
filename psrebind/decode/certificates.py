"""Certificate store blobs and DER to the model. Never raises: what cannot be read says why.

Property numbers are wincrypt.h's (field notes B6).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import NameOID

from psrebind.decode.names import a_label
from psrebind.model import Certificate, Thumbprint, UnreadableCertificate

Extension = TypeVar("Extension", bound=x509.ExtensionType)
_KEY_PROVIDER = 2
_FRIENDLY_NAME = 11
_ARCHIVED = 19
_CERTIFICATE = 32
_RENEWAL = 64
_HEADER = struct.Struct("<III")
# The name of a version 1 template, a BMPString; version 2 templates have an extension of their
# own, which cryptography reads.
_TEMPLATE_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2")
_BMP_STRING = 0x1E


def stored_certificate(
    store: str, thumbprint: str, blob: bytes | None
) -> Certificate | UnreadableCertificate:
    """Decode one entry of a store; an entry that cannot be decoded has the reason in it."""
    if blob is None:
        return UnreadableCertificate(store, thumbprint, "the value Blob is missing")
    try:
        properties = _properties(blob)
        certificate = _certificate(store, properties.get(_CERTIFICATE, b""), properties)
    except Exception as error:  # what cryptography raises for odd certificates is not one family
        reason = " ".join(str(error).split()) or type(error).__name__
        return UnreadableCertificate(store, thumbprint, reason)
    if certificate.thumbprint != thumbprint.upper():
        reason = f"the certificate in it is another one: {certificate.thumbprint}"
        return UnreadableCertificate(store, thumbprint, reason)
    return certificate


def served_certificate(der: bytes) -> Certificate | UnreadableCertificate:
    """Decode a certificate as a handshake shows it: of no store, and without a key."""
    blob = _HEADER.pack(_CERTIFICATE, 1, len(der)) + der
    return stored_certificate("", hashlib.sha1(der, usedforsecurity=False).hexdigest(), blob)


def _properties(blob: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = 0
    while position < len(blob):
        if len(blob) - position < _HEADER.size:
            raise ValueError(f"the blob is cut off at byte {position}")
        number, _, length = _HEADER.unpack_from(blob, position)
        position += _HEADER.size
        if length > len(blob) - position:
            raise ValueError(f"the blob is cut off in property {number}")
        found[number] = blob[position : position + length]
        position += length
    if not found.get(_CERTIFICATE):
        raise ValueError("the blob has no certificate in it")
    return found


def _certificate(store: str, der: bytes, properties: Mapping[int, bytes]) -> Certificate:
    parsed = x509.load_der_x509_certificate(der)
    digits = f"{parsed.serial_number:X}"
    friendly_name = None
    if (data := properties.get(_FRIENDLY_NAME)) is not None:
        friendly_name = data.decode("utf-16-le", "replace").rstrip("\0")
    renewal = properties.get(_RENEWAL, b"")
    names = _extension(parsed, x509.SubjectAlternativeName)
    usages = _extension(parsed, x509.ExtendedKeyUsage)
    return Certificate(
        store=store,
        thumbprint=Thumbprint(hashlib.sha1(der, usedforsecurity=False).hexdigest()),
        subject=parsed.subject.rfc4514_string(),
        issuer=parsed.issuer.rfc4514_string(),
        serial=digits.zfill(len(digits) + len(digits) % 2),
        common_name=_common_name(parsed),
        dns_names=tuple(map(a_label, names.get_values_for_type(x509.DNSName) if names else ())),
        ip_addresses=tuple(map(str, names.get_values_for_type(x509.IPAddress) if names else ())),
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        usages=None if usages is None else tuple(usage.dotted_string for usage in usages),
        key_linked=bool(properties.get(_KEY_PROVIDER)),
        friendly_name=friendly_name,
        archived=_ARCHIVED in properties,
        renewed_by=Thumbprint(renewal.hex()) if len(renewal) == 20 else None,
        template=_template(parsed),
    )


def _common_name(parsed: x509.Certificate) -> str | None:
    names = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names:
        return None
    value = names[-1].value
    return value if isinstance(value, str) else value.decode("latin-1")


def _extension(parsed: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return parsed.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _template(parsed: x509.Certificate) -> str | None:
    for extension in parsed.extensions:
        value = extension.value
        if isinstance(value, x509.MSCertificateTemplate):
            return value.template_id.dotted_string
        if extension.oid == _TEMPLATE_NAME and isinstance(value, x509.UnrecognizedExtension):
            return _bmp_string(value.value)
    return None


def _bmp_string(der: bytes) -> str | None:
    """The text of a BMPString; a template nobody can read is no reason to lose a certificate."""
    if len(der) < 2 or der[0] != _BMP_STRING:
        return None
    # A length of 128 or more stands in as many bytes as the low bits of the first say.
    skipped = der[1] & 0x7F if der[1] & 0x80 else 0
    return der[2 + skipped :].decode("utf-16-be", "replace")
