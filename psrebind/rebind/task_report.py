"""What stands on a host for renewals to be followed, and what became of those there were. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psrebind.decode.events import LifecycleEvent
from psrebind.decode.task_words import (
    NOTIFICATION_NAME,
    NOTIFICATION_PATH,
    last_result_words,
    rebinds,
)
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, differences
from psrebind.errors import DecodeError
from psrebind.model import Certificate, Place, Thumbprint
from psrebind.operations.get_lifecycle_event import UnreadableEvent
from psrebind.operations.get_rebind_notification import NotificationState
from psrebind.operations.get_rebind_task import RebindTasks, TaskRow
from psrebind.operations.register_rebind_notification import handler
from psrebind.phrase import Phrase
from psrebind.rebind.event_outcome import EventOutcome, Handled, event_outcome
from psrebind.rebind.events import EventReport
from psrebind.rebind.options import TaskMethod
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.renewals import RenewalChain
from psrebind.rebind.shared_templates import SharedTemplate, name_template, shared_templates

PLACES = {
    TaskMethod.APPCMD: (TASK_PATH, TASK_NAME),
    TaskMethod.NOTIFICATION: (NOTIFICATION_PATH, NOTIFICATION_NAME),
}
# What Windows puts after the script of a notification task (field notes A6).
_HASHES = "-OldCertHash $(OldCertHash) -NewCertHash $(NewCertHash)"


@dataclass(frozen=True)
class OtherTask:
    """Another task on the same event: where it is, its state, and what it does."""

    name: str
    state: str
    does: str

    def __str__(self) -> str:
        """The task in a sentence."""
        return f"{self.name} ({self.state}) {self.does}"


@dataclass(frozen=True)
class Notice:
    """One event 1001, and whether it was handled."""

    record_id: int | None
    time: datetime | None
    old: Thumbprint | None
    new: Thumbprint | None
    handled: Handled
    why: str
    old_name: str | None = None
    new_name: str | None = None


@dataclass(frozen=True)
class TaskReport:
    """The rebind task of one method, and all around it; ``channel`` None: there is no such log.

    ``reach`` is the oldest event of the log, None for an empty one; ``unreadable`` says which of
    its events could not be decoded. ``shared`` is a danger where ``autoenrollment`` is on.
    """

    method: TaskMethod
    present: bool
    differences: tuple[str, ...]
    state: str | None
    last_run: datetime | None
    last_result: str | None
    channel: bool | None
    reach: datetime | None
    others: tuple[OtherTask, ...]
    shared: tuple[tuple[Thumbprint, ...], ...]
    autoenrollment: bool
    notices: tuple[Notice, ...]
    unreadable: tuple[str, ...]
    templates: tuple[SharedTemplate, ...]

    @property
    def task(self) -> str:
        """The task with its whole path."""
        return "".join(PLACES[self.method])

    @property
    def template_sentences(self) -> list[Phrase]:
        """What follows from bound certificates of one template, in a sentence each."""
        return [name_template(one, enrolls=self.autoenrollment) for one in self.templates]

    @property
    def needs_person(self) -> bool:
        """Whether something was found that nobody should leave as it is."""
        danger = self.shared and self.autoenrollment
        broken = self.differences or not self.channel or danger
        missed = any(one.handled is Handled.NO for one in self.notices)
        return bool((self.present and broken) or missed or self.unreadable)

    @property
    def exit_status(self) -> int:
        """The exit status of a look at the task."""
        return Outcome.REFUSED.exit_status if self.needs_person else 0


@dataclass(frozen=True)
class Tasks:
    """The tasks of a host; ``notification`` where that method was asked for."""

    found: RebindTasks
    notification: NotificationState | None = None


def report(
    method: TaskMethod,
    read: Tasks,
    events: EventReport,
    *,
    places: Sequence[Place] | None,
    chains: Iterable[RenewalChain],
    certificates: Sequence[Certificate] = (),
) -> TaskReport:
    """Judge the task of a method by what was read of its host."""
    tasks = read.found
    mine = own_task(method, tasks.tasks)
    result = last_result_words(mine.last_result, mine.last_run) if mine else None
    links = tuple(chains)
    readable = events.readable
    return TaskReport(
        method=method,
        present=mine is not None,
        differences=own_differences(mine, read.notification) if mine else (),
        state=mine.state if mine else None,
        last_run=mine.last_run if mine and result != "never ran" else None,
        last_result=result,
        channel=tasks.enabled,
        reach=events.logs[0].oldest,
        others=other_tasks(method, tasks.tasks),
        shared=tasks.shared,
        autoenrollment=tasks.autoenrollment,
        notices=tuple(
            _notice(one, event_outcome(one, places, links, events=readable)) for one in readable
        ),
        unreadable=tuple(one.reason for one in events.events if isinstance(one, UnreadableEvent)),
        templates=shared_templates(tasks.shared, certificates),
    )


def own_task(method: TaskMethod, tasks: Iterable[TaskRow]) -> TaskRow | None:
    """The task at a method's own place, whatever it does."""
    return next((one for one in tasks if _is_at(one, PLACES[method])), None)


def own_differences(task: TaskRow, notification: NotificationState | None) -> tuple[str, ...]:
    """Each difference of a method's task from what psrebind registers, as a sentence."""
    if notification is None:
        return task_differences(task.xml)
    return notification_differences(notification)


def task_differences(xml: str) -> tuple[str, ...]:
    """Each difference of a task from the one that IIS Manager makes, as a sentence."""
    try:
        return tuple(str(one) for one in differences(xml))
    except DecodeError as error:
        return (f"the task's XML cannot be read: {error.reason}",)


def notification_differences(found: NotificationState) -> tuple[str, ...]:
    """Each difference that enabling repairs in a notification task and its script, a sentence.

    They are those that the script of the host looks at: Windows writes this task's XML itself.
    """
    arguments = (found.arguments or "").casefold()
    checks = (
        (found.handler is not None, f"its script {found.script} is not there"),
        (found.handler in (None, handler()), f"its script {found.script} has another text"),
        (found.state != "Disabled", "it is disabled"),
        (found.waiting, "it does not wait for replaced certificates of this computer"),
        (
            f'-file "{found.script}"'.casefold() in arguments and _HASHES.casefold() in arguments,
            f"it runs PowerShell with '{found.arguments or ''}', not psrebind's script",
        ),
    )
    return tuple(sentence for fine, sentence in checks if not fine)


def other_tasks(method: TaskMethod, tasks: Iterable[TaskRow]) -> tuple[OtherTask, ...]:
    """The tasks beside the method's own that do something at a replaced certificate."""
    found = []
    for task in tasks:
        if _is_at(task, PLACES[method]):
            continue
        try:
            does = rebinds(task.xml)
        except DecodeError as error:
            does = f"cannot be read: {error.reason}"
        if does:
            found.append(OtherTask(f"{task.path}{task.name}", task.state, does))
    return tuple(found)


def _is_at(task: TaskRow, place: tuple[str, str]) -> bool:
    return f"{task.path}{task.name}".lower() == "".join(place).lower()


def _notice(event: LifecycleEvent, found: EventOutcome) -> Notice:
    return Notice(
        event.record_id,
        event.time,
        event.old.thumbprint if event.old else None,
        event.new.thumbprint if event.new else None,
        found.handled,
        found.why,
        event.old.name if event.old else None,
        event.new.name if event.new else None,
    )
