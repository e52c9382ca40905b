"""Which certificate replaced which: chains to their end, what is refused, what was handled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from certificates import NOW
from renewal_cases import bound, linked, name, replaced

from psrebind.decode.events import LifecycleEvent
from psrebind.iis_model import Binding
from psrebind.model import Renewal
from psrebind.rebind.event_outcome import Handled, event_outcome
from psrebind.rebind.renewals import (
    LONGEST,
    RenewalChain,
    candidates,
    follow_links,
    renewal_links,
)

A, B, C, D = 1, 2, 3, 4


def chains(*pairs: tuple[int, int]) -> dict[str, RenewalChain]:
    """The chains of some renewals that events tell of, by their first certificate."""
    events = [replaced(old, new, record_id=at) for at, (old, new) in enumerate(pairs, 1)]
    return {chain.old: chain for chain in follow_links(renewal_links((), events))}


def test_sources_are_told() -> None:
    """An event and a link that say the same are one renewal with two sources."""
    (found,) = renewal_links(
        [linked(A, B), linked(A, B, store="WebHosting")], [replaced(A, B, record_id=7)]
    )
    assert (found.old, found.new) == (name(A), name(B))
    assert found.sources == (
        "event 1001 #7 at 2026-06-01 12:00 UTC",
        "renewal link in My",
        "renewal link in WebHosting",
    )


@pytest.mark.parametrize(
    "event",
    [
        replaced(A, None),
        replaced(None, B),
        replaced(A, A),
        replaced(A, B, number=1006),
    ],
)
def test_what_tells_of_no_renewal(event: LifecycleEvent) -> None:
    """Events of another kind, of one certificate, or without names say nothing."""
    assert renewal_links([linked(C, None)], [event]) == ()


def test_a_chain_is_followed_to_its_end() -> None:
    """A→B by an event and B→C by a link of an archived certificate are A→C and B→C."""
    renewals = renewal_links([linked(B, C, archived=True)], [replaced(A, B)])
    found = {chain.old: chain.renewal for chain in follow_links(renewals)}
    assert found == {name(A): Renewal(name(A), name(C)), name(B): Renewal(name(B), name(C))}


def test_every_bound_certificate_of_a_chain_is_proposed() -> None:
    """With A and B still bound, both go to C; what is not bound is not proposed."""
    renewals = follow_links(renewal_links((), [replaced(A, B), replaced(B, C), replaced(D, C)]))
    found = candidates([bound(A), bound(B, "b.example"), bound(A, "c.example")], renewals)
    assert [(one.chain.renewal, len(one.places)) for one in found] == [
        (Renewal(name(A), name(C)), 2),
        (Renewal(name(B), name(C)), 1),
    ]
    assert candidates([bound(C)], renewals) == ()


@pytest.mark.parametrize("pairs", [((A, B), (B, A)), ((A, B), (B, C), (C, A))])
def test_a_loop_is_refused(pairs: tuple[tuple[int, int], ...]) -> None:
    """Certificates that replaced each other have no end, each of them."""
    found = chains(*pairs)
    assert {chain.renewal for chain in found.values()} == {None}
    assert all("in a loop" in (chain.refusal or "") for chain in found.values())


def test_a_way_into_a_loop_is_refused() -> None:
    """A certificate that leads into a loop of others is refused as well."""
    assert "in a loop" in (chains((A, B), (B, C), (C, B))[name(A)].refusal or "")


def test_a_link_to_itself_is_a_loop() -> None:
    """A store may hold anything, also a certificate that renews itself."""
    (chain,) = follow_links(renewal_links([linked(A, A)], ()))
    assert "in a loop" in (chain.refusal or "")


def test_the_longest_chain() -> None:
    """Twenty renewals are followed; of twenty-one the first is refused with the reason."""
    found = chains(*((number, number + 1) for number in range(1, LONGEST + 2)))
    assert "longer than 20 renewals" in (found[name(1)].refusal or "")
    assert found[name(2)].renewal == Renewal(name(2), name(LONGEST + 2))
    assert "rebind --old" in (found[name(1)].refusal or "")


def test_sources_that_disagree_are_refused() -> None:
    """Where an event says B and the link C, a person has to say which."""
    renewals = renewal_links([linked(A, C)], [replaced(A, B, record_id=9)])
    chain = next(one for one in follow_links(renewals) if one.old == name(A))
    assert chain.renewal is None
    for word in (name(B), name(C), "#9", "renewal link", f"rebind --old {name(A)} --new"):
        assert word in (chain.refusal or "")


def test_a_disagreement_further_on_is_refused_too() -> None:
    """A→B is sure, and what replaced B is not: A has no sure end either."""
    renewals = renewal_links([linked(B, C)], [replaced(A, B), replaced(B, D)])
    found = {chain.old: chain.renewal for chain in follow_links(renewals)}
    assert (found[name(A)], found[name(B)]) == (None, None)


def test_a_renewal_that_was_taken_back_is_overtaken() -> None:
    """A→B and later B→A, or over C: that A is bound is as it should be, by which event is said."""
    there = replaced(A, B, record_id=4)
    for number, back in (
        (5, [replaced(B, A, record_id=5)]),
        (8, [replaced(C, A, record_id=8), replaced(B, C, record_id=6)]),
    ):
        events = [*back, there]
        found = event_outcome(
            there, [bound(A)], follow_links(renewal_links((), events)), events=events
        )
        told = f"event 1001 #{number} at 2026-06-01 12:00 UTC put the old certificate back"
        assert (found.handled, told in found.why) == (Handled.OVERTAKEN, True)
        last = event_outcome(back[0], [bound(A)], (), events=events)
        assert last.handled is Handled.YES


@pytest.mark.parametrize(
    "events",
    [
        [replaced(B, A, record_id=3)],
        [replaced(C, A, record_id=5)],
        [replaced(C, A, record_id=5), replaced(B, C, record_id=6)],
        [replaced(A, B, record_id=5)],
    ],
)
def test_what_does_not_overtake_a_renewal(events: list[LifecycleEvent]) -> None:
    """Neither an earlier event, nor one of other certificates, nor events in another order."""
    found = event_outcome(replaced(A, B, record_id=4), [bound(A)], (), events=events)
    assert found.handled is Handled.NO


def test_without_numbers_the_time_counts() -> None:
    """An event without its number is later by its time; without both it is not."""
    there = replace(replaced(A, B), record_id=None)
    for time, handled in (
        (NOW + timedelta(days=1), Handled.OVERTAKEN),
        (NOW, Handled.NO),
        (None, Handled.NO),
    ):
        back = replace(replaced(B, A), record_id=None, time=time)
        assert event_outcome(there, [bound(A)], (), events=[there, back]).handled is handled


@pytest.mark.parametrize(
    ("event", "bindings", "handled", "why"),
    [
        (replaced(A, B), [bound(A), bound(B)], Handled.NO, "still on 1 binding"),
        (replaced(A, B), [bound(B)], Handled.YES, "is on 1 binding"),
        (replaced(A, B), [bound(C), bound(C, "b.example")], Handled.YES, "is on 2 bindings"),
        (replaced(A, B), [bound(D)], Handled.UNKNOWN, "no binding has either"),
        (replaced(A, B), [], Handled.UNKNOWN, "no binding has either"),
        (replaced(A, B), None, Handled.UNKNOWN, "could not be read"),
        (replaced(A, None), [bound(A)], Handled.UNKNOWN, "does not name"),
    ],
)
def test_the_standing_of_an_event(
    event: LifecycleEvent, bindings: list[Binding] | None, handled: Handled, why: str
) -> None:
    """Handled, not handled or unknown, by what is bound now; C followed B."""
    found = event_outcome(event, bindings, chains((A, B), (B, C)).values())
    assert found.handled is handled
    assert why in found.why
