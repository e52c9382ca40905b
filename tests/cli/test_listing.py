"""What the listing of bindings says of their certificates, from rows as a host gives them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from certificates import NOW, Made, make
from cli.test_tables import Terminal
from observations import observed, record, stored
from rich.cells import cell_len

from psrebind.cli.output.binding import binding_row
from psrebind.cli.output.rows import show
from psrebind.decode.certificates import stored_certificate
from psrebind.model import STORES, Certificate, UnreadableCertificate
from psrebind.problems import ProblemKind, explain_problems, rank_problems
from psrebind.services.iis_bindings import BindingLine, Stored, binding_lines

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
    (line,) = binding_lines(found.readings["iis"], held)
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
    (line,) = binding_lines(found.readings["iis"], Stored([], STORES, NOW))
    row = binding_row(line)
    assert (line.store, line.thumbprint, line.problems) == (None, None, ())
    assert (row["certificate"], row["problems"]) == ("central store", [])


def many_bindings() -> list[BindingLine]:
    """Seventeen bindings of long names, whose certificates are in several kinds of trouble."""
    ended = make("b", common_name="customers.emea.example.com", end=NOW - timedelta(days=3))
    keyless = make("a", common_name="www.customers.emea.example.com")
    hosts = [f"customer-{number:02}.emea.example.com" for number in range(17)]
    used = [(ended, keyless)[number % 2] for number in range(17)]
    records = [record(f"{host}:443", made) for host, made in zip(hosts, used, strict=True)]
    entries = [stored(ended, key=False), stored(keyless, key=False)]
    found = observed([f"*:443:{host} 1" for host in hosts], records, [])
    return binding_lines(found.readings["iis"], Stored(entries, STORES, NOW))


@pytest.mark.parametrize("width", [100, 160])
def test_a_binding_is_one_line_of_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Site, binding, certificate, days and problems in words, none longer than the terminal."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    lines = many_bindings()
    show(
        sorted(lines, key=lambda line: rank_problems(line.kinds, line.days_left)),
        "table",
        short=binding_row,
        stream=stream,
    )
    title, _, *rows = stream.getvalue().splitlines()
    assert title.split() == ["site", "binding", "certificate", "days", "problems"]
    assert len(rows) == len(lines) == 17
    assert max(map(cell_len, rows)) <= width
    assert [row.endswith("  expired; no key") for row in rows] == [True] * 9 + [False] * 8
    assert all(line.thumbprint and line.thumbprint[:8] in stream.getvalue() for line in lines)


def test_every_kind_of_problem_has_a_meaning() -> None:
    """Each says what to do, is told once, and the worst comes first."""
    kinds = [*reversed(ProblemKind), *ProblemKind]
    told = explain_problems(kinds, "web*")
    assert [kind for kind, _ in told] == list(ProblemKind)
    assert all(": " in meaning and "{" not in meaning for _, meaning in told)


def test_ftp_has_a_line_of_its_own() -> None:
    """A certificate of FTP is listed with its site, and what is wrong with it."""
    seen = observed(["*:443:"], [record("0.0.0.0:443", GOOD)], [], ftp=EXPIRED.thumbprint)
    _, line = binding_lines(seen.readings["iis"], Stored([stored(EXPIRED)], STORES, NOW))
    assert (line.site, line.site_id, line.binding) == ("A", 1, "ftp *:21:")
    assert (line.thumbprint, line.store, line.record) == (EXPIRED.thumbprint, "MY", None)
    (problem,) = line.problems
    assert problem.startswith("the certificate expired ")
