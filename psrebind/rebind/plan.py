"""From what was observed to what shall be done, and what shall not: each service is asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from psrebind.model import Renewal
from psrebind.rebind.search import unbound_words
from psrebind.services import service
from psrebind.services.observation import Observation
from psrebind.services.steps import NO_HISTORY, History, Note, Plan


def plan(
    observation: Observation,
    renewal: Renewal,
    history: History = NO_HISTORY,
    *,
    by_windows: bool = False,
) -> Plan:
    """Plan one step for the places that change together, or say which rule refuses them.

    So it is for places that earlier changes left unfinished: that ``history`` knows. ``by_windows``
    plans what the commands do that Windows itself runs at a renewal.
    """
    asked = [service(name) for name in observation.readings]
    found = []
    for one in asked:
        cases = one.cases(observation, renewal, history)
        found.append(one.plan_by_windows(cases, renewal) if by_windows else one.plan(cases))
    changing = [place for one in found for place in one.changing]
    return Plan(
        steps=tuple(chain.from_iterable(one.steps for one in found)),
        refusals=tuple(chain.from_iterable(one.refusals for one in found)),
        done=tuple(
            one
            for one in observation.places
            if one.thumbprint == renewal.new and one not in changing
        ),
        notes=(
            *_notes(observation, renewal),
            *chain.from_iterable(one.notes(observation, renewal) for one in asked),
        ),
        skipped=tuple(chain.from_iterable(one.skipped for one in found)),
        orders=tuple(chain.from_iterable(one.orders for one in found)),
    )


def _notes(observation: Observation, renewal: Renewal) -> Iterator[Note]:
    places = observation.places
    if observation.anywhere(renewal.old) is None:
        for place in places:
            if place.thumbprint == renewal.old:
                text = "the old certificate cannot be read, so whether a name is lost is unknown"
                yield Note(text, place)
    left = (one for one in observation.untouched if one.thumbprint == renewal.old)
    untouched = [one for one in left if one.advice]
    if not any(place.thumbprint in (renewal.old, renewal.new) for place in places):
        asked = [service(name) for name in observation.readings]
        nouns = (one.exact_noun if untouched else one.noun for one in asked)
        yield Note(unbound_words(observation, renewal.old, " and no ".join(nouns) or "binding"))
    for one in untouched:
        yield Note(f"{one.name} has the old certificate: {one.advice}", lasting=True)
