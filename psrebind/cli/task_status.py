"""Everything that a task's report is made of, read from a host by one script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from psrebind.cli.asking import Visit, advised
from psrebind.decode.events import LifecycleEvent
from psrebind.errors import HostError
from psrebind.model import Binding, Certificate
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.rebind.renewals import followed, known
from psrebind.rebind.task_report import Events, TaskMethod, TaskReport, report

if TYPE_CHECKING:
    from psrebind.replies import Body


def read_report(visit: Visit, method: TaskMethod) -> TaskReport:
    """Ask a host and judge; without bindings or certificates the report says less."""
    reading, asked = GetRebindTask(), GetLifecycleEvent(query=event_query(ids=[1001]))
    bound, stored = GetIisBinding(), GetCertificate()
    reply = visit.ask([reading, asked, bound, stored])
    with advised():
        (tasks,) = reading.rows(reply.bodies[0])
        events = Events(asked.rows(reply.bodies[1])[0], asked.result(reply.bodies[1]))
    told = [one for one in events.found if isinstance(one, LifecycleEvent)]
    certificates = _certificates(visit, stored, reply.bodies[3])
    return report(
        method,
        tasks,
        events,
        bindings=_bindings(visit, bound, reply.bodies[2]),
        chains=followed(known(certificates, told)),
    )


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
