"""The command replay: renewals that nothing followed, as the rebinds that would follow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.events import Since
from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Yes
from psrebind.cli.rebinding import Keeping

if TYPE_CHECKING:
    from psrebind.cli.asking import Visit
    from psrebind.cli.rebind_lines import RebindLine
    from psrebind.cli.replay_report import Looked
    from psrebind.decode.events import LifecycleEvent
    from psrebind.errors import PsrebindError
    from psrebind.rebind.observe import Sending
    from psrebind.rebind.run import Applied, Prepared


@dataclass(frozen=True, kw_only=True)
class Replaying(Keeping):
    """Which renewals, and whether anything is done."""

    since: Since = None
    dry_run: Annotated[bool, Option("--dry-run", help="Show the plans and change nothing.")] = False
    yes: Yes = False


def replay(target: Target, manner: Replaying, connection: Connection) -> int:
    """Find renewals whose old certificate is still bound, and do the rebinds."""
    from psrebind.cli.consent import require_answer
    from psrebind.cli.many import DECLINED, Asked, alone
    from psrebind.cli.messages import count_of
    from psrebind.cli.rebinding import asked_about
    from psrebind.cli.replay_report import refused_lines, show_proposals
    from psrebind.cli.replaying_many import replay_many
    from psrebind.rebind.outcome import exit_status

    asked = Asked(target, connection, manner, manner.format)
    chosen = asked.hosts()
    if not chosen.alone:
        return replay_many(chosen.fleet, asked, manner)
    with alone(chosen.fleet, asked) as visit:
        found = looked(visit, manner)
        asks = not manner.dry_run and found.doable and (manner.yes or sys.stdin.isatty())
        form = None if asks else manner.format
        show_proposals(visit.name, found, form=form, dry_run=manner.dry_run)
        planned = exit_status([*found.statuses, *(one.exit_status for one in found.prepared)])
        if manner.dry_run or not found.doable:
            return planned
        question = f"change {count_of(found.bindings, 'binding')} of {visit.name}?"
        require_answer(question, yes=manner.yes)
        agreed = visit if manner.yes else asked_about(visit, question)
        if agreed is None:
            return exit_status([planned, DECLINED])
        left = refused_lines(visit.name, found.proposals)
        return exit_status([*found.statuses, *_done(agreed, found.prepared, left, manner)])


def looked(visit: Visit, manner: Replaying) -> Looked:
    """The proposals, and the plan of each that is not refused."""
    from psrebind.cli.moments import moment
    from psrebind.cli.replay_report import Looked
    from psrebind.rebind.before_file import states_before
    from psrebind.rebind.history import unfinished
    from psrebind.rebind.observe import observe
    from psrebind.rebind.renewals import (
        candidates,
        follow_links,
        renewal_links,
        untouched_sentences,
        with_unfinished,
    )
    from psrebind.rebind.run import prepare_observed

    with visit.sending("reading") as sending:
        events, unreadable = _events(visit, sending, manner.since)
        observation = observe(visit.session, sending=sending)
        since = moment(manner.since)
        chains = follow_links(renewal_links(observation.certificates, events, since=since))
        history = states_before(visit.session.host, manner.before_folder)
        left = unfinished(observation, history)
        found = with_unfinished(
            candidates(observation.places, chains, observation.certificates), left
        )
        planned = [one.chain for one in found if one.chain.renewal]
        others = [one for one in chains if one not in planned]
        for sentence in untouched_sentences(observation.untouched, others):
            visit.say(sentence)
        prepared = tuple(
            prepare_observed(
                visit.session.host,
                observation,
                one.chain.renewal,
                address=visit.address,
                history=history,
                limits=sending.limits,
            )
            for one in found
            if one.chain.renewal
        )
    return Looked(found, prepared, unreadable)


def _events(visit: Visit, sending: Sending, since: str | None) -> tuple[list[LifecycleEvent], int]:
    """The events 1001 of a host, and how many could not be read; what they leave open is told."""
    from psrebind.cli.event_lines import cut_sentences, reach_sentence, unreadable_sentence
    from psrebind.cli.moments import moment
    from psrebind.decode.events import LifecycleEvent
    from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
    from psrebind.rebind.observe import with_remedy

    earliest = moment(since)
    question = GetLifecycleEvent(query=event_query(ids=[1001], since=earliest))
    (body,) = sending.run([question], visit.session).bodies
    if body.error:
        raise with_remedy(body.error)
    logs, found = question.rows(body), question.result(body)
    events = [one for one in found if isinstance(one, LifecycleEvent)]
    unreadable = [one.reason for one in found if not isinstance(one, LifecycleEvent)]
    for sentence in (
        *(reach_sentence(log, earliest) for log in logs),
        *cut_sentences(logs, question.newest),
        *map(unreadable_sentence, unreadable),
    ):
        visit.say(sentence)
    return events, len(unreadable)


def _done(
    visit: Visit, prepared: Sequence[Prepared], left: Sequence[RebindLine], manner: Replaying
) -> list[int]:
    """Carry the plans out one after another, and show what became of all of them."""
    from psrebind.cli.output import show
    from psrebind.cli.rebind_lines import result_lines, result_row
    from psrebind.cli.rebind_report import tell_results

    done = all_carried_out(visit, prepared, manner)
    lines = [line for result in done.applied for line in result_lines(result)]
    show([*lines, *left], manner.format, short=result_row)
    tell_results(visit.name, done.applied, command=f"psrebind rebind {visit.name}")
    if done.error:
        visit.say(str(done.error))
    return done.statuses


@dataclass(frozen=True)
class Done:
    """The rebinds of one host that came to an end; ``error`` is what kept the next one from it."""

    applied: tuple[Applied, ...]
    error: PsrebindError | None = None

    @property
    def statuses(self) -> list[int]:
        """The exit statuses of all; what ended the run after a change is no wrong input."""
        from psrebind.errors import HostError, InvalidInput

        found = [one.exit_status for one in self.applied]
        if self.error:
            status = self.error.exit_status
            found.append(HostError.exit_status if isinstance(self.error, InvalidInput) else status)
        return found


def all_carried_out(visit: Visit, prepared: Sequence[Prepared], manner: Replaying) -> Done:
    """Carry the plans of one host out; what is known of the first ones is kept at an error."""
    from psrebind.cli.rebinding import carried_out
    from psrebind.errors import PsrebindError

    applied: list[Applied] = []
    for one in prepared:
        try:
            applied.append(carried_out(visit, one, manner))
        except PsrebindError as error:
            if not applied:
                raise
            return Done(tuple(applied), error)
    return Done(tuple(applied))
