"""What speaks against a notice: the rules of a rebind, also where nothing is bound."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from certificates import CLIENT, NOW, SERVER, Made, make
from observations import Entry, observed, record, renewal, stored

from psrebind.model import UnreadableCertificate
from psrebind.rebind.notice import Objection, objections
from psrebind.rebind.plan import plan
from psrebind.services.rules import Rule

OLD, NEW = make("a.example", "b.example"), make("a.example", "b.example")
LESS = make("a.example")
SNI = "*:443:b.example 1"


def unbound(new: Made, *entries: Entry, old: Made = OLD) -> list[Rule]:
    """The rules against a notice of certificates that no binding has."""
    found = objections(observed([], [], [stored(old), *entries]), renewal(old, new))
    assert all(one.place is None and ": " in one.reason for one in found)
    return [one.rule for one in found]


@pytest.mark.parametrize(
    ("new", "entries"),
    [
        (NEW, [stored(NEW)]),
        (NEW, [stored(NEW, key=False)]),
        (NEW, [stored(NEW, "WebHosting")]),
        (LESS, [stored(LESS)]),
        (NEW, []),
    ],
)
def test_a_bound_certificate_has_the_rules_of_a_rebind(new: Made, entries: Sequence[Entry]) -> None:
    """What a rebind is refused for is what speaks against the notice, with the binding."""
    seen = observed([SNI], [record("b.example:443", OLD)], [stored(OLD), *entries])
    refused = [
        Objection(one.rule, one.reason, one.place) for one in plan(seen, renewal(OLD, new)).refusals
    ]
    assert list(objections(seen, renewal(OLD, new))) == refused
    assert bool(refused) is (entries != [stored(NEW)])


def test_nothing_speaks_against_a_sound_one() -> None:
    """A new certificate with key and names may be told of, of whatever store it is."""
    for store in ("My", "WebHosting"):
        assert unbound(NEW, stored(NEW, store)) == []


def test_an_unbound_one_is_asked_for_what_any_program_needs() -> None:
    """A key, a readable entry, its time, the names of the old one; none of these is unknown."""
    late = make("a.example", "b.example", end=NOW - timedelta(hours=1))
    odd = UnreadableCertificate("My", NEW.thumbprint, "it is cut off")
    assert unbound(NEW, stored(NEW, key=False)) == [Rule.NO_KEY]
    assert unbound(NEW, stored(NEW, properties=[(19, b"")])) == [Rule.ARCHIVED]
    assert unbound(late, stored(late)) == [Rule.EXPIRED]
    assert unbound(LESS, stored(LESS)) == [Rule.LOSES_NAME]
    assert unbound(NEW, odd) == [Rule.UNREADABLE]


def test_one_that_never_served_need_not() -> None:
    """A certificate for clients alone may be replaced by such a one; one for servers may not."""
    one, other = make("a.example", usages=[CLIENT]), make("a.example", usages=[CLIENT])
    assert unbound(other, stored(other), old=one) == []
    server = make("a.example", usages=[SERVER])
    assert unbound(other, stored(other), old=server) == [Rule.NOT_FOR_SERVERS]


def test_what_is_nowhere_is_for_the_host_to_say() -> None:
    """A certificate that no store has is refused by the script, which looks last."""
    assert unbound(NEW) == []
