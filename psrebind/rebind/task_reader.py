"""The tasks of one host that follow renewals, and all around them: read and judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psrebind.errors import HostError
from psrebind.model import Certificate, Thumbprint
from psrebind.operations.base import Change, Operation
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.get_rebind_notification import GetRebindNotification
from psrebind.operations.get_rebind_task import GetRebindTask, RebindTasks
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.events import EventReport
from psrebind.rebind.options import TaskMethod
from psrebind.rebind.renewals import follow_links, renewal_links
from psrebind.rebind.shared_templates import SharedTemplate, shared_templates
from psrebind.rebind.task_report import PLACES, TaskReport, Tasks, report
from psrebind.services import services


def read_task_report(
    runner: ScriptRunner, method: TaskMethod, since: datetime | None = None
) -> TaskReport:
    """Ask a host and judge; without places or certificates the report says less."""
    asked = GetLifecycleEvent(query=event_query(ids=[1001], since=since))
    stored, questions, places = GetCertificate(), _questions(method), services()
    reply = runner.run([asked, stored, *questions, *(one.query for one in places)])
    first, second, *rest = reply.bodies
    tasks = _read_tasks(questions, rest[: len(questions)])
    log = asked.row(first)
    events = EventReport((log,), asked.result(first))
    for sentence in events.cut(asked.newest):
        runner.notice(sentence)
    certificates = _readable(runner.read(stored.result, second, "the certificates"))
    readings = [
        runner.read(one.read, body, f"the {one.noun}s")
        for one, body in zip(places, rest[len(questions) :], strict=True)
    ]
    known = [place for one in readings if one for place in one.places]
    return report(
        method,
        tasks,
        events,
        places=None if None in readings else known,
        chains=follow_links(renewal_links(certificates, events.readable, since=since)),
        certificates=certificates,
    )


def read_tasks(runner: ScriptRunner, method: TaskMethod) -> Tasks:
    questions = _questions(method)
    return _read_tasks(questions, runner.run(questions).bodies)


def change_task(
    runner: ScriptRunner, change: Change[Any], method: TaskMethod
) -> tuple[Any, RebindTasks | None, HostError | None]:
    """What a change says, and the tasks after it, of one pipeline; or why these are not known.

    What was done must be seen, even where reading after it fails.
    """
    reading = _question(method)
    done, rest = runner.run([change, reading]).bodies
    row = change.row(done)
    try:
        return row, reading.row(rest), None
    except HostError as error:
        return row, None, error


def read_shared_templates(
    runner: ScriptRunner, shared: Sequence[Sequence[Thumbprint]]
) -> tuple[SharedTemplate, ...]:
    """Bound certificates of one template, by name; the host is asked only where there are any."""
    if not shared:
        return ()
    stored = GetCertificate()
    (body,) = runner.run([stored]).bodies
    return shared_templates(shared, _readable(runner.read(stored.result, body, "the certificates")))


def _questions(method: TaskMethod) -> tuple[Operation[Any], ...]:
    """What reads the tasks of a host, and for a notification task its script too."""
    more = (GetRebindNotification(),) if method is TaskMethod.NOTIFICATION else ()
    return (_question(method), *more)


def _question(method: TaskMethod) -> GetRebindTask:
    path, name = PLACES[method]
    return GetRebindTask(task_path=path, task_name=name)


def _read_tasks(asked: Sequence[Operation[Any]], bodies: Sequence[Any]) -> Tasks:
    return Tasks(*(one.row(body) for one, body in zip(asked, bodies, strict=True)))


def _readable(found: Sequence[Any] | None) -> list[Certificate]:
    return [one for one in found or () if isinstance(one, Certificate)]
