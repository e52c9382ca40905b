"""RemoteSession over TLS: whom it trusts, and what it says when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from winrm import ADDRESS, Serve, Winrm

from psrebind.errors import AuthenticationError, ConnectError
from psrebind.lab.windows.certificate_authority import Authority, CertificateRequest
from psrebind.script import Script
from psrebind.sessions.base import Limits
from psrebind.sessions.remote import Fingerprint

NAME = "web01.example.test"


@dataclass(frozen=True)
class Chain:
    """A server's certificate with its key, and the authority that issued it."""

    pem: Path
    authority: Path
    certificate: x509.Certificate

    def fingerprint(self, algorithm: hashes.HashAlgorithm) -> Fingerprint:
        """The certificate's hash, with colons as OpenSSL prints it."""
        return Fingerprint(self.certificate.fingerprint(algorithm).hex(":"))


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """A certificate for the name, issued by an authority that nobody trusts by default."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority.load_or_create(folder)
    now = datetime.now(UTC)
    issued = authority.issue(
        CertificateRequest(
            subject=NAME,
            names=(NAME,),
            not_before=now - timedelta(days=1),
            not_after=now + timedelta(days=30),
        )
    )
    certificate = x509.load_der_x509_certificate(issued.certificate)
    pem, issuer = folder / "server.pem", folder / "issuer.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM) + issued.key.encode())
    issuer.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return Chain(pem, issuer, certificate)


@pytest.fixture
def secure(serve: Serve, chain: Chain) -> Iterator[Winrm]:
    """An endpoint with that certificate."""
    with serve(certificate=chain.pem) as made:
        yield made


def refusal(winrm: Winrm, **named: object) -> str:
    """What a ConnectError says; no credential may have been sent."""
    with winrm.session(**named) as session, pytest.raises(ConnectError) as caught:
        session.invoke(Script("x"), limits=Limits.within(10))
    assert winrm.endpoint.logons == {}
    return caught.value.reason


@pytest.mark.parametrize("auth", ["ntlm", "negotiate", "basic"])
def test_a_ca_file_is_trust(secure: Winrm, chain: Chain, auth: str) -> None:
    """With the authority's file the host is trusted, by its name at the address given for it."""
    named = {"host": NAME, "address": ADDRESS, "ca_file": chain.authority}
    with secure.session(ssl=True, auth=auth, **named) as session:
        session.invoke(Script("x"))
    assert secure.asked[0][0] == "x"
    assert secure.endpoint.open_shells == 0


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()], ids=lambda a: a.name)
def test_a_pinned_certificate_is_trust(
    secure: Winrm, chain: Chain, algorithm: hashes.HashAlgorithm
) -> None:
    """The pinned certificate is enough, whatever name it has and whoever issued it."""
    with secure.session(ssl=True, pinned=chain.fingerprint(algorithm)) as session:
        session.invoke(Script("x"))
    assert secure.endpoint.open_shells == 0


def test_another_certificate_than_the_pinned_is_refused(secure: Winrm) -> None:
    """Another certificate ends the conversation before a credential is sent."""
    assert "pinned" in refusal(secure, ssl=True, pinned=Fingerprint("ab" * 32))


def test_an_unknown_authority_is_refused(secure: Winrm) -> None:
    """Without the authority's file the host is not trusted."""
    said = refusal(secure, ssl=True, host=NAME, address=ADDRESS)
    assert "not trusted" in said


def test_a_certificate_for_another_name_is_refused(secure: Winrm, chain: Chain) -> None:
    """A trusted authority does not make up for another name."""
    named = {"host": "web02.example.test", "address": ADDRESS}
    said = refusal(secure, ssl=True, ca_file=chain.authority, **named)
    assert "web02.example.test" in said


def test_tls_on_the_plain_port_is_called_so(secure: Winrm) -> None:
    """TLS spoken to the HTTP port is told apart from a broken certificate."""
    port = secure.endpoint.settings.http_port
    assert "does not speak TLS" in refusal(secure, ssl=True, port=port)


def test_http_on_the_tls_port_does_not_get_far(secure: Winrm) -> None:
    """HTTP spoken to the TLS port is an error about the connection."""
    assert refusal(secure, port=secure.endpoint.settings.https_port)


def test_basic_works_without_tls_when_told_so_by_name(serve: Serve) -> None:
    """Basic without TLS goes through for who says so, to a host that allows it."""
    with serve(allow_unencrypted=True) as winrm:
        with winrm.session(auth="basic", allow_basic_without_tls=True) as session:
            session.invoke(Script("x"))
        assert winrm.endpoint.open_shells == 0


def test_a_host_that_does_not_take_basic_says_so(winrm: Winrm) -> None:
    """Basic where only Negotiate is offered is no wrong password; that it was sent is said."""
    said = "the host does not take basic, it offers: Negotiate.* the password was sent"
    with winrm.session(auth="basic", allow_basic_without_tls=True) as session:
        for _ in range(2):
            with pytest.raises(ConnectError, match=said):
                session.invoke(Script("x"))
    assert winrm.actions == ["Logon"] * 2
    assert winrm.endpoint.logons == {}


def test_a_wrong_password_over_tls_is_tried_once(secure: Winrm, chain: Chain) -> None:
    """Over TLS, too, a refused credential is one attempt."""
    pinned = chain.fingerprint(hashes.SHA256())
    with secure.session(password="wrong", ssl=True, pinned=pinned) as session:
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                session.invoke(Script("x"))
    assert secure.endpoint.logons["labadmin"].attempts == 1
