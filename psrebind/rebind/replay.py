"""Renewals that nothing followed: found by events, links and changes left undone; then planned."""

from __future__ import annotations

from datetime import datetime

from psrebind.decode.events import LifecycleEvent
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.before import states_before
from psrebind.rebind.events import EventReport
from psrebind.rebind.history import unfinished
from psrebind.rebind.host_plan import HostPlan
from psrebind.rebind.observe import QUESTIONS, Observation, read_observation
from psrebind.rebind.options import RebindOptions
from psrebind.rebind.renewals import Proposal, followed, known, left_to_ftp, proposals, undone
from psrebind.rebind.run import prepare


def plan_replay(runner: ScriptRunner, since: datetime | None, options: RebindOptions) -> HostPlan:
    """Read a host once, find the renewals whose old certificate is still bound, and plan each.

    What the events leave open is told as notices.
    """
    question = GetLifecycleEvent(query=event_query(ids=[1001], since=since))
    reply = runner.run([*QUESTIONS, question])
    observation = read_observation(reply)
    report = EventReport.read(question, reply.bodies[-1])
    for sentence in (*report.reach(since), *report.cut(question.newest), *report.unreadable):
        runner.notice(sentence)
    candidates = _candidates(runner, observation, report.readable, since, options)
    plans = tuple(
        prepare(runner, one.chain.renewal, options, observation)
        for one in candidates
        if one.chain.renewal
    )
    return HostPlan(runner.host, plans, candidates, len(report.unreadable))


def _candidates(
    runner: ScriptRunner,
    observation: Observation,
    events: list[LifecycleEvent],
    since: datetime | None,
    options: RebindOptions,
) -> tuple[Proposal, ...]:
    chains = followed(known(observation.certificates, events, since=since))
    bindings = observation.bindings.bindings
    left = unfinished(bindings, states_before(runner.host, options.before_folder))
    found = undone(proposals(bindings, chains, observation.certificates), left)
    planned = [one.chain for one in found if one.chain.renewal]
    others = [one for one in chains if one not in planned]
    for sentence in left_to_ftp(observation.bindings.ftp, others):
        runner.notice(sentence)
    return found
