"""What the listing of bindings says of their certificates, from rows as a host gives them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from certificates import NOW, Made, make
from observations import observed, record, stored

from psrebind.cli.listing import Stored, binding_lines, binding_row
from psrebind.decode.certificates import stored_certificate
from psrebind.model import Certificate, UnreadableCertificate
from psrebind.operations.get_certificate import STORES

NEW = make("new.example")
GOOD = make("www.example")
EXPIRED = make("www.example", begin=NOW - timedelta(days=90), end=NOW - timedelta(days=1))


def problems(
    made: Made,
    *entries: Certificate | UnreadableCertificate,
    store: str = "My",
    read: bool = True,
) -> tuple[str, ...]:
    """The problems of one binding whose record names a certificate."""
    found = observed(["*:443:"], [record("0.0.0.0:443", made, store)], [])
    held = Stored(entries, STORES, NOW) if read else None
    (line,) = binding_lines(found.bindings, held)
    return line.problems


def test_a_certificate_in_order_has_no_problems() -> None:
    """The store that a record names may be spelled in another case."""
    assert problems(GOOD, stored(GOOD), store="MY") == ()


@pytest.mark.parametrize(
    ("made", "options", "said"),
    [
        (GOOD, {"properties": [(64, bytes.fromhex(NEW.thumbprint))]}, "was replaced by"),
        (EXPIRED, {}, "expired 2026-05-31"),
        (GOOD, {"key": False}, "has no private key"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(
    made: Made, options: dict[str, object], said: str
) -> None:
    """A replaced, an expired and a keyless certificate are each named beside their binding."""
    (problem,) = problems(made, stored(made, **options))
    assert said in problem


def test_a_certificate_that_is_gone_is_said() -> None:
    """A record whose certificate was deleted from its store is a binding about to fail."""
    assert problems(GOOD, stored(NEW)) == ("the certificate is not in the store My",)
    assert problems(GOOD, stored(GOOD, "WebHosting")) == ("the certificate is not in the store My",)


def test_nothing_is_said_of_a_store_that_was_not_read() -> None:
    """What nobody looked at is no problem: another store, or no answer at all."""
    assert problems(GOOD, stored(NEW), store="Custom") == ()
    assert problems(GOOD, read=False) == ()


def test_an_unreadable_certificate_is_said() -> None:
    """A store entry that cannot be decoded is told with its reason."""
    (problem,) = problems(GOOD, stored_certificate("My", GOOD.thumbprint, b"\1"))
    assert problem.startswith("the certificate cannot be read: ")


def test_the_central_store_is_named() -> None:
    """A binding that the central store serves has no certificate here, and looks whole."""
    found = observed(["*:443:a.example 3"], [record(":443", None)], [])
    (line,) = binding_lines(found.bindings, Stored([], STORES, NOW))
    row = binding_row(line)
    assert (line.store, line.thumbprint, line.problems) == (None, None, ())
    assert (row["store"], row["problems"]) == ("central store", [])


def test_ftp_has_a_line_of_its_own() -> None:
    """A certificate of FTP is listed with its site, and what is wrong with it."""
    seen = observed(["*:443:"], [record("0.0.0.0:443", GOOD)], [], ftp=EXPIRED.thumbprint)
    _, line = binding_lines(seen.bindings, Stored([stored(EXPIRED)], STORES, NOW))
    assert (line.site, line.site_id, line.binding) == ("A", 1, "ftp *:21:")
    assert (line.thumbprint, line.store, line.record) == (EXPIRED.thumbprint, "MY", None)
    (problem,) = line.problems
    assert problem.startswith("the certificate expired ")
