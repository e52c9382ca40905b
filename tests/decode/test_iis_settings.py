"""What IIS keeps beside its bindings, from rows as a script reports them."""

from __future__ import annotations

import base64

import pytest

from psrebind.decode.iis_settings import RawLegacyHash, legacy_hashes
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
