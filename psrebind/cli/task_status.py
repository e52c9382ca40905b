"""Everything that a task's report is made of, read from a host by one script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psrebind.cli.asking import Visit, advised
from psrebind.cli.event_lines import cut_sentences
from psrebind.decode.events import LifecycleEvent
from psrebind.errors import HostError
from psrebind.model import Binding, Certificate, Thumbprint
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.get_rebind_notification import GetRebindNotification
from psrebind.rebind.renewals import follow_links, renewal_links
from psrebind.rebind.shared_templates import SharedTemplate, shared_templates
from psrebind.rebind.task_report import (
    Events,
    TaskMethod,
    TaskReport,
    Tasks,
    question,
    report,
)

if TYPE_CHECKING:
    from psrebind.operations.base import Operation
    from psrebind.replies import Body


def looking(method: TaskMethod) -> tuple[Operation[Any], ...]:
    """What reads the tasks of a host, and for a notification task its script too."""
    more = (GetRebindNotification(),) if method is TaskMethod.NOTIFICATION else ()
    return (question(method), *more)


def tasks_of(asked: Sequence[Operation[Any]], bodies: Sequence[Body]) -> Tasks:
    """The tasks out of the answers to these questions; raises what any of them met."""
    with advised():
        return Tasks(*(one.row(body) for one, body in zip(asked, bodies, strict=True)))


def read_report(visit: Visit, method: TaskMethod, *, since: datetime | None = None) -> TaskReport:
    """Ask a host and judge; without bindings or certificates the report says less."""
    asked = GetLifecycleEvent(query=event_query(ids=[1001], since=since))
    bound, stored, looks = GetIisBinding(), GetCertificate(), looking(method)
    first, second, third, *rest = visit.ask([asked, bound, stored, *looks]).bodies
    tasks = tasks_of(looks, rest)
    with advised():
        events = Events(asked.row(first), asked.result(first))
    for sentence in cut_sentences([events.log], asked.newest):
        visit.say(sentence)
    certificates = _certificates(visit, stored, third)
    told = [one for one in events.found if isinstance(one, LifecycleEvent)]
    return report(
        method,
        tasks,
        events,
        bindings=_bindings(visit, bound, second),
        chains=follow_links(renewal_links(certificates, told, since=since)),
        certificates=certificates,
    )


def templates_of(
    visit: Visit, shared: Sequence[Sequence[Thumbprint]]
) -> tuple[SharedTemplate, ...]:
    """Bound certificates of one template, by name; the host is asked only where there are any."""
    if not shared:
        return ()
    stored = GetCertificate()
    (body,) = visit.ask([stored]).bodies
    return shared_templates(shared, _certificates(visit, stored, body))


def _bindings(visit: Visit, question: GetIisBinding, body: Body) -> Sequence[Binding] | None:
    try:
        return question.bindings(body).bindings
    except HostError as error:
        visit.say(f"the bindings could not be read: {error}")
        return None


def _certificates(visit: Visit, question: GetCertificate, body: Body) -> list[Certificate]:
    try:
        found = question.result(body)
    except HostError as error:
        visit.say(f"the certificates could not be read: {error}")
        return []
    return [one for one in found if isinstance(one, Certificate)]
