"""Certificate store blobs to certificates, and what is wrong with those that are none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from certificates import NOW, SERVER, blob, make
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from psrebind.decode.certificates import served_certificate, stored_certificate
from psrebind.model import Certificate, UnreadableCertificate

MADE = make("Www.Example.com", "192.0.2.7", "2001:db8:0:0::1", common_name="Shop, Ltd.")


def certificate(**properties: object) -> Certificate:
    """Decode MADE with further properties in its blob."""
    found = stored_certificate("My", MADE.thumbprint, blob(MADE, **properties))  # type: ignore[arg-type]
    assert isinstance(found, Certificate)
    return found


def unreadable(data: bytes | None, thumbprint: str = MADE.thumbprint) -> str:
    """Decode what cannot be decoded and give the reason."""
    found = stored_certificate("My", thumbprint, data)
    assert isinstance(found, UnreadableCertificate)
    assert (found.store, found.thumbprint) == ("My", thumbprint)
    return found.reason


def test_facts() -> None:
    """Names, dates, usages and thumbprint come from the DER."""
    found = certificate()
    assert found.thumbprint == MADE.thumbprint
    assert found.subject == found.issuer == r"CN=Shop\, Ltd."
    assert found.common_name == "Shop, Ltd."
    assert found.dns_names == ("www.example.com",)
    assert found.ip_addresses == ("192.0.2.7", "2001:db8::1")
    assert (found.not_before, found.not_after) == (NOW - timedelta(days=1), NOW + timedelta(90))
    assert found.usages == (SERVER,)
    assert len(found.serial) % 2 == 0
    assert int(found.serial, 16) > 0


def test_bare() -> None:
    """Without extensions, subject and properties everything optional is None or empty."""
    made = make(common_name=None, usages=None)
    found = stored_certificate("My", made.thumbprint, blob(made, key=False))
    assert isinstance(found, Certificate)
    assert (found.common_name, found.usages, found.template) == (None, None, None)
    assert (found.dns_names, found.ip_addresses, found.subject) == ((), (), "")
    assert (found.key_linked, found.archived) == (False, False)
    assert (found.friendly_name, found.renewed_by) == (None, None)


def test_properties() -> None:
    """Key, friendly name, archive mark and renewal link come from the blob's properties."""
    name = "Größe\0".encode("utf-16-le")
    found = certificate(properties=[(11, name), (19, b""), (64, bytes(range(20)))])
    assert found.key_linked
    assert found.archived
    assert found.friendly_name == "Größe"
    assert found.renewed_by == bytes(range(20)).hex().upper()


def test_odd_renewal_link() -> None:
    """A renewal link that is no hash is no link."""
    assert certificate(properties=[(64, b"short")]).renewed_by is None


@pytest.mark.parametrize(
    ("name", "header"),
    [("WebServer", bytes([0x1E, 18])), ("W" * 70, bytes([0x1E, 0x81, 140]))],
)
def test_template_name(name: str, header: bytes) -> None:
    """A version 1 template's name is a BMPString, of short or long form."""
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2")
    extension = x509.UnrecognizedExtension(oid, header + name.encode("utf-16-be"))
    made = make(extensions=[extension])
    found = stored_certificate("My", made.thumbprint, blob(made))
    assert isinstance(found, Certificate)
    assert found.template == name


def test_template_number() -> None:
    """A version 2 template is known by its OID."""
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.311.21.8.1.2.3")
    made = make(extensions=[x509.MSCertificateTemplate(oid, 100, 1)])
    found = stored_certificate("My", made.thumbprint, blob(made))
    assert isinstance(found, Certificate)
    assert found.template == oid.dotted_string


def test_served() -> None:
    """A certificate out of a handshake has the same facts, and no store."""
    found = served_certificate(MADE.der)
    assert isinstance(found, Certificate)
    assert (found.store, found.thumbprint) == ("", MADE.thumbprint)


def test_other_thumbprint() -> None:
    """An entry whose name is not its certificate's hash is not believed."""
    assert MADE.thumbprint in unreadable(blob(MADE), "0" * 40)


def test_missing_value() -> None:
    """An entry without a blob says so."""
    assert unreadable(None) == "the value Blob is missing"


@pytest.mark.parametrize("length", [0, 5, 30, -1])
def test_cut_off(length: int) -> None:
    """A blob that ends too early is unreadable, wherever it ends."""
    assert unreadable(blob(MADE)[:length])


def test_no_certificate() -> None:
    """Properties without a certificate are none."""
    assert unreadable(blob(MADE)[: 12 + 20]) == "the blob has no certificate in it"


@given(st.binary(max_size=200))
def test_random_blob(data: bytes) -> None:
    """No bytes in place of a blob ever raise."""
    assert unreadable(data)


@given(st.integers(0, len(MADE.der) - 1), st.integers(1, 255))
def test_damaged_certificate(position: int, change: int) -> None:
    """One wrong byte in the DER never raises, and is never taken for the certificate."""
    damaged = bytearray(blob(MADE))
    damaged[len(damaged) - len(MADE.der) + position] ^= change
    assert unreadable(bytes(damaged))
