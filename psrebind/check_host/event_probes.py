"""What Switch-Certificate raises and links, and what the Task Scheduler makes of a task."""

from __future__ import annotations

from dataclasses import dataclass, field

from psrebind.check_host.operations import RegisterCheckTask
from psrebind.check_host.questions import Answers, Unanswered
from psrebind.check_host.site import CheckSite
from psrebind.check_host.task_exports import FULL, MINIMAL, settle_exports
from psrebind.check_host.value_probes import settle_blobs, settle_comparisons
from psrebind.operations import run
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.send_renewal_notice import SendRenewalNotice


@dataclass
class Evidence:
    """What is kept as it came: for whoever reads the report."""

    events: list[str] = field(default_factory=list)
    exports: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def probe_events(site: CheckSite, answers: Answers) -> Evidence:
    """Raise two events, link two certificates, and register two disabled tasks."""
    evidence = Evidence()
    _events(site, answers, evidence)
    _link(site, answers)
    _tasks(site, answers, evidence)
    return evidence


def _events(site: CheckSite, answers: Answers, evidence: Evidence) -> None:
    with answers.attempt("schannel_follows_renewal_link"):
        notice = SendRenewalNotice(old=site.first, new=site.second)
        done = site.ask(notice)
        evidence.notes.append(
            f"Switch-Certificate -NotifyOnly: the log is {'on' if done.enabled else 'off'}, "
            f"event {'written' if done.record else 'not found'}"
        )
        asked = GetLifecycleEvent(query=event_query(ids=[1001], thumbprint=site.first))
        for row in asked.rows(run([asked], site.session).bodies[0]):
            evidence.events += row.events
    settle_comparisons(site.session, answers)


def _link(site: CheckSite, answers: Answers) -> None:
    follows = "schannel_follows_renewal_link"
    with answers.attempt(follows, "blob_property_renewal", "blob_property_key"):
        site.ask(SendRenewalNotice(old=site.first, new=site.second, link=True))
        asked = GetCertificate()
        settle_blobs(answers, asked.rows(run([asked], site.session).bodies[0]))
        # A rebind task of the host may have answered the event: bind the linked one again.
        site.bind(site.plain, site.first)
        site.bind(site.named, site.first)
        seen = site.served(site.named)
        which = "new" if seen == site.second else "old"
        answers.settle(
            follows, seen == site.second, f"bound is the old, clients got the {which} certificate"
        )


def _tasks(site: CheckSite, answers: Answers, evidence: Evidence) -> None:
    questions = [one for one in answers.questions if one.startswith("task_export_")]
    with answers.attempt(*questions):
        exports = [site.ask(RegisterCheckTask(xml=xml)).export for xml in (FULL, MINIMAL)]
        if None in exports:
            raise Unanswered("the registered task could not be exported")
        full, minimal = (str(one) for one in exports)
        evidence.exports += [full, minimal]
        settle_exports(answers, full, minimal)
