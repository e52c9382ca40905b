"""Telling a host that one certificate replaced another, and what speaks against it.

What its tasks do at the notice asks nothing: the rules of a rebind are asked before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psrebind.errors import InvalidInput, NoSuchCertificate
from psrebind.model import Certificate, Place, Renewal
from psrebind.operations.runner import ScriptRunner
from psrebind.operations.send_renewal_notice import RenewalNotice, SendRenewalNotice
from psrebind.rebind.observe import observe
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.plan import plan
from psrebind.rebind.typed_renewal import TypedRenewal
from psrebind.services import service
from psrebind.services.observation import Observation
from psrebind.services.rules import (
    Finding,
    Rule,
    certificate_findings,
    entry_findings,
    may_serve,
    name_findings,
)

_LINKED = (
    "the old certificate has the renewal link now: Windows may serve the new certificate wherever "
    "the old one is bound, whatever the configuration says, and psrebind cannot take it away"
)


@dataclass(frozen=True)
class Objection:
    """Why a host should not be told: a rule, one sentence, and the place that it is about."""

    rule: Rule
    reason: str
    place: Place | None = None

    def __str__(self) -> str:
        """The objection in a sentence."""
        place = f"{self.place.name}: " if self.place else ""
        return f"{self.rule}: {place}{self.reason}"


@dataclass(frozen=True, kw_only=True)
class NoticeLine:
    """A notice that was raised, or one reason why it was refused."""

    outcome: str
    enabled: bool | None = None
    record: int | None = None
    linked: bool | None = None
    old_store: str | None = None
    new_store: str | None = None
    site: str | None = None
    binding: str | None = None
    rule: Rule | None = None
    reason: str | None = None


@dataclass(frozen=True)
class NoticeReport:
    """What speaks against a notice, and the notice, where it was raised all the same."""

    host: str
    objections: tuple[Objection, ...]
    row: RenewalNotice | None = None

    @property
    def lines(self) -> list[NoticeLine]:
        """The notice as one line; else one line for each reason against it."""
        if row := self.row:
            line = NoticeLine(
                outcome="raised",
                enabled=row.enabled,
                record=row.record,
                linked=row.linked,
                old_store=row.old_store,
                new_store=row.new_store,
            )
            return [line]
        return [
            NoticeLine(
                outcome="refused",
                site=_columns(one)[0],
                binding=_columns(one)[1],
                rule=one.rule,
                reason=one.reason,
            )
            for one in self.objections
        ]

    @property
    def sentences(self) -> Iterator[str]:
        """What a person should know beside the lines."""
        row = self.row
        if row is None:
            yield "no event was raised, since its tasks would ask nothing; --force insists"
            return
        for one in self.objections:
            yield f"in spite of {one}"
        if {row.old_store.casefold(), row.new_store.casefold()} != {"my"}:
            yield f"the old certificate is in {row.old_store}, the new one in {row.new_store}"
        if row.linked:
            yield _LINKED
        if row.record is None:
            yield (
                "the log is off: no event was kept, and no task started. "
                f"'psrebind task enable {self.host}' turns it on"
            )
        else:
            yield (
                f"event 1001 #{row.record} is in the log; "
                f"what follows from it shows 'psrebind task status {self.host}'"
            )

    @property
    def exit_status(self) -> int:
        """The exit status: a person is needed where no event was raised or kept."""
        kept = self.row is not None and self.row.record is not None
        return 0 if kept else Outcome.REFUSED.exit_status


def _columns(one: Objection) -> tuple[str | None, str | None]:
    return service(one.place.service).columns(one.place) if one.place else (None, None)


def send_notice(
    runner: ScriptRunner, typed: TypedRenewal, *, link: bool = False, force: bool = False
) -> NoticeReport:
    """Raise event 1001 on a host, unless a rebind to the new certificate would be refused."""
    try:
        renewal = typed.find(runner)
    except NoSuchCertificate as error:
        # Unlike a rebind, a notice that is not sent is nothing that was done already.
        raise InvalidInput(str(error)) from error
    against = objections(observe(runner, needs_services=False), renewal)
    if against and not force:
        return NoticeReport(runner.host, against)
    runner.require_time()
    notice = SendRenewalNotice(old=renewal.old, new=renewal.new, link=link)
    return NoticeReport(runner.host, against, runner.row(notice))


def objections(observation: Observation, renewal: Renewal) -> tuple[Objection, ...]:
    """What a rebind by this renewal would be refused for; of a certificate on no place, too."""
    if any(one.thumbprint == renewal.old for one in observation.places):
        refusals = plan(observation, renewal).refusals
        return tuple(Objection(one.rule, one.reason, one.place) for one in refusals)
    return tuple(Objection(*finding) for finding in _of_unbound(observation, renewal))


def _of_unbound(observation: Observation, renewal: Renewal) -> Iterator[Finding]:
    """What any program would stumble over that takes the new one in place of the old one."""
    held = (observation.stored(store, renewal.new) for store in observation.stores)
    new = next((one for one in held if one), None)
    if new is None:
        # The script itself says which of the two is in no store.
        return
    yield from entry_findings(new, new.store)
    if not isinstance(new, Certificate):
        return
    old = observation.anywhere(renewal.old)
    for_servers = old is None or may_serve(old)
    for rule, reason in certificate_findings(new, observation.clock):
        if for_servers or rule is not Rule.NOT_FOR_SERVERS:
            yield rule, reason
    if old:
        yield from name_findings(old, new, "")
