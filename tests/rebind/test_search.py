"""Where the old certificate is, and what is nearest to one that nobody has."""

from __future__ import annotations

import pytest
from certificates import make
from observations import observed, record, stored

from psrebind.model import Thumbprint
from psrebind.rebind.search import Search, unbound_words
from psrebind.services.observation import Observation

BOUND, KEPT, OTHER = make(common_name="bound"), make(common_name="kept"), make()
GONE = Thumbprint("0" * 40)


def seen() -> Observation:
    """A host with one certificate on a binding, and one in a store."""
    entries = [stored(BOUND), stored(KEPT, "WebHosting"), stored(KEPT)]
    return observed(["*:443:a.example 1"], [record("a.example:443", BOUND)], entries)


def searched(old: Thumbprint, *, hosts: int = 1, done: bool = False) -> Search:
    """A search on so many hosts that are alike."""
    search = Search()
    for number in range(hosts):
        search.add(f"web{number}", seen(), old, done=done)
    return search


@pytest.mark.parametrize("old", [BOUND.thumbprint, KEPT.thumbprint], ids=["bound", "stored"])
def test_what_a_host_has_is_no_complaint(old: Thumbprint) -> None:
    """Bound or in a store; and one host that has it is enough for all."""
    assert searched(old).complaint is None
    search = searched(GONE, hosts=3)
    search.add("web9", seen(), old, done=False)
    assert search.complaint is None


def test_what_was_replaced_is_no_complaint() -> None:
    """A second run finds the new certificate in its place."""
    assert searched(GONE, done=True).complaint is None


def test_nobody_was_asked() -> None:
    """Without an answer nothing is known, and nothing said."""
    assert Search().complaint is None


@pytest.mark.parametrize(
    "typed",
    [
        lambda good: good[:20] + ("0" if good[20] != "0" else "1") + good[21:],
        lambda good: good[:7] + good[8:] + "0",
        lambda good: good[:7] + "0" + good[7:39],
        lambda good: good[:38] + "00",
    ],
)
def test_the_nearest_is_named(typed: object) -> None:
    """One digit wrong, left out or too much: its neighbour is said with its name and its host."""
    assert callable(typed)
    for made, name in ((BOUND, "bound"), (KEPT, "kept")):
        old = Thumbprint(typed(made.thumbprint))
        complaint = searched(old, hosts=2).complaint
        assert complaint
        assert complaint.startswith(f"none of the 2 hosts that answered has the certificate {old}")
        assert complaint.endswith(f"; the nearest is {made.thumbprint} ({name}) on web0")


def test_a_host_without_certificates() -> None:
    """Where nothing is near, nothing is named."""
    search = Search()
    search.add("web01", observed([], [], []), GONE, done=False)
    said = f"web01 has no certificate {GONE}, neither bound nor in a store"
    assert search.complaint == said


def test_an_unbound_one_is_said_with_its_stores() -> None:
    """All stores that have it are named."""
    assert unbound_words(seen(), KEPT.thumbprint) == (
        f"no binding has {KEPT.thumbprint}, which is in the store My and in WebHosting"
    )
    assert unbound_words(seen(), GONE) == f"no binding has {GONE}, and no store that was read"
