"""Renewals that nothing followed: found by events, links and changes left undone; then planned."""

from __future__ import annotations

from datetime import datetime

from psrebind.decode.events import LifecycleEvent
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.before_file import states_before
from psrebind.rebind.events import EventReport
from psrebind.rebind.history import unfinished
from psrebind.rebind.host_plan import HostPlan
from psrebind.rebind.observe import questions, read_observation
from psrebind.rebind.options import RebindOptions
from psrebind.rebind.renewals import (
    Candidate,
    candidates,
    follow_links,
    renewal_links,
    untouched_sentences,
    with_unfinished,
)
from psrebind.rebind.run import prepare
from psrebind.services.observation import Observation


def plan_replay(runner: ScriptRunner, since: datetime | None, options: RebindOptions) -> HostPlan:
    """Read a host once, find the renewals whose old certificate is still bound, and plan each.

    What the events leave open is told as notices.
    """
    question = GetLifecycleEvent(query=event_query(ids=[1001], since=since))
    reply = runner.run([*questions(), question])
    observation = read_observation(reply)
    report = EventReport.read(question, reply.bodies[-1])
    for sentence in (*report.reach(since), *report.cut(question.newest), *report.unreadable):
        runner.notice(sentence)
    found = _find_candidates(runner, observation, report.readable, since, options)
    plans = tuple(
        prepare(runner, one.chain.renewal, options, observation)
        for one in found
        if one.chain.renewal
    )
    return HostPlan(runner.host, plans, found, len(report.unreadable))


def _find_candidates(
    runner: ScriptRunner,
    observation: Observation,
    events: list[LifecycleEvent],
    since: datetime | None,
    options: RebindOptions,
) -> tuple[Candidate, ...]:
    chains = follow_links(renewal_links(observation.certificates, events, since=since))
    left = unfinished(observation, states_before(runner.host, options.before_folder))
    found = with_unfinished(candidates(observation.places, chains, observation.certificates), left)
    planned = [one.chain for one in found if one.chain.renewal]
    others = [one for one in chains if one not in planned]
    for sentence in untouched_sentences(observation.untouched, others):
        runner.notice(sentence)
    return found
