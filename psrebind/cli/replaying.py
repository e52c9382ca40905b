"""The command replay: renewals that nothing followed, as the rebinds that would follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.events import Since
from psrebind.cli.looking import Target
from psrebind.cli.options import Connection
from psrebind.cli.rebinding import Keeping

if TYPE_CHECKING:
    from psrebind.cli.asking import Visit
    from psrebind.cli.rebind_lines import RebindLine
    from psrebind.cli.replay_report import Looked
    from psrebind.decode.events import LifecycleEvent
    from psrebind.rebind.observe import Sending
    from psrebind.rebind.run import Prepared


@dataclass(frozen=True, kw_only=True)
class Replaying(Keeping):
    """Which renewals, and whether anything is done."""

    since: Since = None
    yes: Annotated[
        bool, Option("--yes", "-y", help="Do the rebinds; without it they are shown only.")
    ] = False


def replay(target: Target, manner: Replaying, connection: Connection) -> int:
    """Find renewals whose old certificate is still bound, and show or do the rebinds."""
    from psrebind.cli.many import Asked, alone
    from psrebind.cli.replay_report import refused_lines, show_proposals
    from psrebind.cli.replaying_many import replay_many
    from psrebind.rebind.outcome import exit_status

    asked = Asked(target, connection, manner, manner.format)
    chosen = asked.hosts()
    if not chosen.alone:
        return replay_many(chosen.fleet, asked, manner)
    with alone(chosen.fleet, asked) as visit:
        found = looked(visit, manner)
        show_proposals(visit.name, found, form=None if manner.yes else manner.format)
        if not manner.yes:
            return exit_status([*found.statuses, *(one.exit_status for one in found.prepared)])
        left = refused_lines(visit.name, found.proposals)
        return exit_status([*found.statuses, *_done(visit, found.prepared, left, manner)])


def looked(visit: Visit, manner: Replaying) -> Looked:
    """The proposals, and the plan of each that is not refused."""
    from psrebind.cli.replay_report import Looked
    from psrebind.rebind.observe import observe
    from psrebind.rebind.renewals import followed, known, left_to_ftp, proposals
    from psrebind.rebind.run import prepare

    with visit.sending("reading") as sending:
        events, unreadable = _events(visit, sending, manner.since)
        observation = observe(visit.session, sending=sending)
        chains = followed(known(observation.certificates, events))
        found = proposals(observation.bindings.bindings, chains)
        planned = [one.chain for one in found if one.chain.renewal]
        others = [one for one in chains if one not in planned]
        for sentence in left_to_ftp(observation.bindings.ftp, others):
            visit.say(sentence)
        renewals = [one.chain.renewal for one in found]
        prepared = tuple(
            prepare(visit.session, one, address=visit.address, sending=sending)
            for one in renewals
            if one
        )
    return Looked(found, prepared, unreadable)


def _events(visit: Visit, sending: Sending, since: str | None) -> tuple[list[LifecycleEvent], int]:
    """The events 1001 of a host, and how many could not be read; what they leave open is told."""
    from psrebind.cli.event_lines import cut_sentences, reach_sentence, unreadable_sentence
    from psrebind.cli.moments import moment
    from psrebind.decode.events import LifecycleEvent
    from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
    from psrebind.rebind.observe import explained

    earliest = moment(since)
    question = GetLifecycleEvent(query=event_query(ids=[1001], since=earliest))
    (body,) = sending.run([question], visit.session).bodies
    if body.error:
        raise explained(body.error)
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
    from psrebind.cli.rebind_report import tell_result
    from psrebind.cli.rebinding import carried_out

    applied = []
    try:
        for one in prepared:
            applied.append(carried_out(visit, one, manner))
    finally:
        # Also where a later one was lost: what is known must be seen.
        lines = [line for result in applied for line in result_lines(result)]
        show([*lines, *left], manner.format, short=result_row)
        for result in applied:
            tell_result(result, command=f"psrebind rebind {visit.name}")
    return [one.exit_status for one in applied]
