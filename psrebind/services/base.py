"""What a service is: what plans, checks and files must know of it beside its two operations.

The simplest one says its texts, its query, how its rows are read, and the change of a place; all
else has a default.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from psrebind.model import Certificate, Place, Renewal
from psrebind.operations.base import Change, Query
from psrebind.replies import Body
from psrebind.services.observation import Case, Observation, Reading
from psrebind.services.rules import (
    Finding,
    Rule,
    certificate_findings,
    entry_findings,
    name_findings,
)
from psrebind.services.steps import (
    Endpoint,
    History,
    Judgement,
    Kept,
    Note,
    Order,
    Plan,
    Refusal,
    Shadow,
    Step,
)

PlaceT = TypeVar("PlaceT", bound=Place)
ReadingT = TypeVar("ReadingT", bound=Reading)


@dataclass(frozen=True, kw_only=True)
class Service(Generic[PlaceT, ReadingT]):
    """A Windows role that holds certificates by thumbprint, and how they are replaced there.

    ``noun`` is what people call one of its places, ``exact_noun`` the same where something of
    that name is untouched; ``store_owner`` is what names a place's store, and ``settle`` what to
    do where one of several places that change together is refused. ``order`` says which service
    is changed before which. A state before is kept in a file as ``state_name``, and found again
    by its ``key_fields``.
    """

    name: str
    noun: str
    exact_noun: str
    query: Query[Any]
    store_owner: str = "it"
    settle: str = "settle that one"
    order: int = 0
    state_name: str = "place"
    key_fields: tuple[str, ...] = ("name",)

    def read(self, body: Body) -> ReadingT:
        """What the query answered; raises its error."""
        raise NotImplementedError

    def change(self, case: Case, place: PlaceT) -> Change[Any]:
        """The change that puts the new certificate on a case's places, by the first of them."""
        raise NotImplementedError

    def cases(self, observation: Observation, renewal: Renewal, history: History) -> Iterable[Case]:
        """The places that a renewal is about, together where one change is for several."""
        for place in self.reading(observation).places:
            if place.thumbprint == renewal.old:
                store = place.store or "My"
                yield Case(observation, renewal, (place,), store, place.name, place)

    def columns(self, place: PlaceT) -> tuple[str, str]:
        """What a line says of a place in two words: whose it is, and where."""
        return self.name, place.name

    def client_name(self, place: PlaceT) -> str:
        """The host name that clients ask a place for; empty for any."""
        return ""

    def endpoint(self, place: PlaceT, address: str) -> Endpoint | None:
        """Where clients of a place meet its certificate by TLS, on a host with this address."""
        return None

    def shadows(
        self, observation: Observation, places: Sequence[PlaceT]
    ) -> Sequence[Sequence[Shadow]]:
        """For each of some places, what may answer its clients in its stead."""
        return [()] * len(places)

    def notes(self, observation: Observation, renewal: Renewal) -> Iterator[Note]:
        """What a person should know that refuses nothing."""
        return iter(())

    def plan_by_windows(self, cases: Iterable[Case], renewal: Renewal) -> Plan:
        """The plan by the command that Windows itself runs at a renewal, if there is one."""
        return Plan()

    def judge(self, order: Order, row: Any) -> Sequence[Judgement]:
        """What each step came to, by the one row that its change answered."""
        return [
            Judgement(step, row.changed, getattr(row, "lost", ()), order.operation.problem(row))
            for step in order.steps
        ]

    def identity(self, place: PlaceT) -> Hashable:
        """What stays of a place when its certificate changes."""
        return place.name

    def difference(self, before: PlaceT, now: PlaceT) -> str | None:
        """What is not as it was of a place that has the right certificate, in a clause."""
        return None

    def key(self, raw: Mapping[str, Any]) -> Hashable:
        """The name of a state for comparison, by its key fields in a line of a file."""
        return tuple(raw[name] for name in self.key_fields)

    def restored(self, raw: Mapping[str, Any]) -> Any:
        """A state out of a line of a file."""
        return raw

    def unfinished(
        self, observation: Observation, history: History
    ) -> Iterator[tuple[Place, Kept]]:
        """The places that a change left in neither its state before nor the wanted one."""
        return iter(())

    def reading(self, observation: Observation) -> ReadingT:
        """What was read of this service."""
        return cast(ReadingT, observation.readings[self.name])

    def refusals(self, case: Case) -> tuple[Refusal, ...]:
        """What refuses each place of a case."""
        common = (*case.findings, *self._certificate_findings(case))
        own = [(one, tuple(self._name_findings(case, one))) for one in case.places]
        culprit = next((place for place, findings in own if findings), None)
        found: list[Refusal] = []
        for place, mine in own:
            findings = (*common, *mine)
            if culprit and not mine:
                reason = (
                    f"it shares the {self.state_name} {case.target} with {culprit.name}, which is "
                    f"refused: {self.settle}"
                )
                findings += ((Rule.SHARED_SOCKET, reason),)
            found += [Refusal(place, rule, reason) for rule, reason in findings]
        return tuple(found)

    def step(self, case: Case) -> Step:
        """The step of a case that nothing refuses."""
        first: Any = case.places[0]
        return Step(
            self.name,
            case.places,
            case.target,
            first.thumbprint,
            case.renewal.new,
            case.store,
            self.change(case, first),
            case.renewal,
            case.state,
            case.repair,
        )

    def plan(self, cases: Iterable[Case]) -> Plan:
        """One step for each case, or the rules that refuse it."""
        steps: list[Step] = []
        refusals: list[Refusal] = []
        for case in cases:
            if found := self.refusals(case):
                refusals += found
            else:
                steps.append(self.step(case))
        orders = tuple(Order(step.operation, (step,)) for step in steps)
        return Plan(tuple(steps), tuple(refusals), orders=orders)

    def _certificate_findings(self, case: Case) -> Iterator[Finding]:
        if reason := case.absent:
            yield Rule.NOT_IN_STORE, reason
        elif case.new is None:
            reason = f"{self.store_owner} names the store {case.store}, which psrebind does not "
            yield Rule.NOT_IN_STORE, f"{reason}read: rebind it by hand"
        else:
            yield from entry_findings(case.new, case.store)
        if new := case.readable_new:
            yield from certificate_findings(new, case.observation.clock)

    def _name_findings(self, case: Case, place: Any) -> Iterator[Finding]:
        old, new = case.old, case.readable_new
        if isinstance(old, Certificate) and new:
            yield from name_findings(old, new, self.client_name(place))
