"""Which certificate replaced which, by events and renewal links, and what follows from it. Pure.

Nothing is guessed: where two sources name different successors, or no end can be reached, the
chain is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psrebind.decode.events import LifecycleEvent
from psrebind.decode.names import certificate_name
from psrebind.model import Certificate, Place, Renewal, Thumbprint, UntouchedPlace
from psrebind.services.steps import Kept

# Windows itself follows no longer ones (field notes A6).
LONGEST = 20


@dataclass(frozen=True)
class RenewalLink:
    """One step from a certificate to its successor, and everything that says so."""

    old: Thumbprint
    new: Thumbprint
    sources: tuple[str, ...]


@dataclass(frozen=True)
class RenewalChain:
    """A certificate and the last one that replaced it, step by step; or why there is no end."""

    old: Thumbprint
    steps: tuple[RenewalLink, ...]
    refusal: str | None = None

    @property
    def new(self) -> Thumbprint:
        """The end of the chain, as far as it was followed."""
        return self.steps[-1].new

    @property
    def path(self) -> str:
        """The certificates in their order, in short."""
        return " → ".join(one.short for one in (self.old, *(step.new for step in self.steps)))

    @property
    def renewal(self) -> Renewal | None:
        """What shall be put in whose place; None for a refused chain."""
        return None if self.refusal else Renewal(self.old, self.new)


@dataclass(frozen=True)
class Candidate:
    """A chain whose first certificate, ``name`` to people, is still bound, and where."""

    chain: RenewalChain
    places: tuple[Place, ...]
    name: str | None = None


def with_unfinished(
    found: Sequence[Candidate], left: Iterable[tuple[Place, Kept]]
) -> tuple[Candidate, ...]:
    """The candidates, and those of changes that did not come to their end where none has them."""
    more: dict[Renewal, tuple[Kept, list[Place]]] = {}
    for place, kept in left:
        more.setdefault(kept.renewal, (kept, []))[1].append(place)
    renewals = {one.chain.renewal for one in found}
    return (
        *found,
        *(
            Candidate(RenewalChain(renewal.old, (_link_of(kept),)), tuple(places))
            for renewal, (kept, places) in more.items()
            if renewal not in renewals
        ),
    )


def _link_of(kept: Kept) -> RenewalLink:
    source = f"the change of {kept.time}, which did not come to its end"
    return RenewalLink(kept.renewal.old, kept.renewal.new, (source,))


def renewal_links(
    certificates: Iterable[Certificate],
    events: Iterable[LifecycleEvent],
    *,
    since: datetime | None = None,
) -> tuple[RenewalLink, ...]:
    """Each renewal that an event or a link in a store tells of, with its sources.

    A link has no time: with ``since`` it counts where an event tells of the same, or where the new
    certificate began then or later, or where nobody can know since it is in no store.
    """
    stored = tuple(certificates)
    by_thumbprint = {one.thumbprint: one for one in stored}
    sources: dict[tuple[Thumbprint, Thumbprint], list[str]] = {}
    for event in events:
        if renewal := event.renewal:
            sources.setdefault((renewal.old, renewal.new), []).append(event_name(event))
    for certificate in stored:
        if new := certificate.renewed_by:
            text = f"renewal link in {certificate.store}"
            begun = by_thumbprint[new].not_before if new in by_thumbprint else None
            is_told = (certificate.thumbprint, new) in sources
            if since and not is_told:
                if begun and begun < since:
                    continue
                age = "is in no store that was read, so its age is unknown"
                age = f"began {begun:%Y-%m-%d %H:%M} UTC" if begun else age
                text += f" (the new certificate {age})"
            sources.setdefault((certificate.thumbprint, new), []).append(text)
    return tuple(
        RenewalLink(old, new, tuple(dict.fromkeys(texts))) for (old, new), texts in sources.items()
    )


def follow_links(links: Iterable[RenewalLink]) -> tuple[RenewalChain, ...]:
    """One chain for each certificate that was replaced, followed to its end or refused."""
    successors: dict[Thumbprint, list[RenewalLink]] = {}
    for one in links:
        successors.setdefault(one.old, []).append(one)
    return tuple(_chain(old, successors) for old in successors)


def candidates(
    places: Sequence[Place],
    chains: Iterable[RenewalChain],
    certificates: Iterable[Certificate] = (),
) -> tuple[Candidate, ...]:
    """The chains whose first certificate is still bound, refused ones too."""
    names = {one.thumbprint: certificate_name(one) for one in certificates}
    found = []
    for chain in chains:
        if bound := tuple(one for one in places if one.thumbprint == chain.old):
            found.append(Candidate(chain, bound, names.get(chain.old)))
    return tuple(found)


def untouched_sentences(
    places: Sequence[UntouchedPlace], chains: Iterable[RenewalChain]
) -> Iterator[str]:
    """What no plan says: where a place that no plan changes has a certificate that was replaced."""
    for chain in chains:
        for one in places:
            if one.advice and one.thumbprint == chain.old:
                yield (
                    f"{one.name} has {chain.old.short}, which was replaced by "
                    f"{chain.new.short}: {one.advice}"
                )


def _chain(old: Thumbprint, successors: Mapping[Thumbprint, Sequence[RenewalLink]]) -> RenewalChain:
    steps: list[RenewalLink] = []
    at = old
    while choices := successors.get(at):
        steps.append(choices[0])
        if len(choices) > 1:
            said = " and ".join(f"{one.new} by {', '.join(one.sources)}" for one in choices)
            reason = f"{at.short} was replaced by {said}, which disagree; {_advice(at)}"
            return RenewalChain(old, tuple(steps), reason)
        at = choices[0].new
        if at == old or any(step.new == at for step in steps[:-1]):
            loop = RenewalChain(old, tuple(steps))
            return replace(loop, refusal=f"the renewals go in a loop: {loop.path}; {_advice(old)}")
        if len(steps) > LONGEST:
            reason = f"the chain is longer than {LONGEST} renewals; {_advice(old)}"
            return RenewalChain(old, tuple(steps), reason)
    return RenewalChain(old, tuple(steps))


def _advice(old: Thumbprint) -> str:
    return f"say which: psrebind rebind --old {old} --new …"


def event_name(event: LifecycleEvent) -> str:
    """Which event it is, in words."""
    number = "" if event.record_id is None else f" #{event.record_id}"
    time = f" at {event.time:%Y-%m-%d %H:%M} UTC" if event.time else ""
    return f"event {event.id}{number}{time}"
