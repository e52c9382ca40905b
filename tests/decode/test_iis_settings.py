"""What IIS keeps beside its bindings, from rows as a script reports them."""

from __future__ import annotations

import base64

import pytest

from psrebind.decode.iis_settings import (
    RawFtpBinding,
    RawFtpCertificate,
    RawLegacyHash,
    ftp_certificates,
    legacy_hashes,
)
from psrebind.model import Thumbprint

ONE = Thumbprint("A1788" * 8)
VALUE = base64.b64encode(bytes.fromhex(ONE)).decode()
FOLDER = "/system.applicationHost/customMetadata/key[@path='{}']/property[@id='5506']"


@pytest.mark.parametrize(
    ("key", "site", "others"),
    [("LM/W3SVC/2", 2, False), ("/lm/w3svc/2/", 2, False), ("LM/W3SVC", None, True)],
)
def test_a_left_over_hash(key: str, site: int | None, others: bool) -> None:
    """The key says whose it is: one site's by its number, or every site's."""
    (found,) = legacy_hashes([RawLegacyHash(FOLDER.format(key), VALUE)])
    assert (found.site_id, found.thumbprint) == (site, ONE)
    assert (found.concerns(2), found.concerns(22)) == (True, others)
    assert ONE[:8] in found.problem
    assert ("every site has" in found.advice("Shop")) is others


@pytest.mark.parametrize("key", ["LM/SMTPSVC/1", "LM/W3SVC/1/ROOT", "LM/W3SVC/AppPools", ""])
def test_keys_of_something_else(key: str) -> None:
    """Other services and parts of a site have nothing to do with its certificate."""
    assert legacy_hashes([RawLegacyHash(FOLDER.format(key), VALUE)]) == ()


@pytest.mark.parametrize("value", ["", "AAAA", "no Base64", VALUE[:-4], "\0"])
def test_an_unreadable_hash_is_said_without_it(value: str) -> None:
    """That there is one counts, also where nobody can say of what."""
    (found,) = legacy_hashes([RawLegacyHash(FOLDER.format("LM/W3SVC/1"), value)])
    assert found.thumbprint is None
    assert "another certificate" in found.problem


SITE = "/system.applicationHost/sites/site[@name='{}' and @id='{}']"
SSL = "/ftpServer/security/ssl"
DEFAULTS = RawFtpCertificate("/system.applicationHost/sites/siteDefaults" + SSL, ONE, "MY")
NAMES = {1: "Web", 2: "Files", 3: "It's [@id='2'] here"}


def setting(number: int, thumbprint: str = ONE, store: str = "MY") -> RawFtpCertificate:
    """The TLS settings of a site."""
    return RawFtpCertificate(SITE.format(NAMES[number], number) + SSL, thumbprint, store)


def bound(number: int, information: str = "*:21:") -> RawFtpBinding:
    """An FTP binding of a site."""
    return RawFtpBinding(SITE.format(NAMES[number], number), information)


def test_a_web_site_shows_the_default_and_has_no_ftp() -> None:
    """Every site has the settings; only an FTP binding makes them a certificate in use."""
    found = ftp_certificates([setting(1), setting(2), DEFAULTS], [bound(2)], NAMES)
    assert [(one.site, one.site_id, one.information) for one in found] == [("Files", 2, "*:21:")]
    assert [(one.thumbprint, one.store) for one in found] == [(ONE, "MY")]


def test_a_default_that_no_site_has() -> None:
    """It waits for the next FTP site, and is told apart."""
    other = setting(3, "2" * 40, "WebHosting")
    found = ftp_certificates([other, DEFAULTS], [bound(3, "*:990:"), bound(3)], NAMES)
    assert [(one.site, one.thumbprint) for one in found] == [
        (NAMES[3], "2" * 40),
        (NAMES[3], "2" * 40),
        (None, ONE),
    ]
    assert found[0].name == f"the FTP binding *:990: of {NAMES[3]}"
    assert found[2].name == "the default of FTP sites"


def test_no_ftp_at_all() -> None:
    """An FTP site without a certificate has none to tell."""
    assert ftp_certificates([], [bound(2)], NAMES) == ()
    (odd,) = ftp_certificates([setting(2, "nonsense", "")], [bound(2)], NAMES)
    assert (odd.thumbprint, odd.store) == (None, "MY")
