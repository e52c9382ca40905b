"""Read the rebind task, every other task on the same event, and what makes it dangerous."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.task_words import NOTIFICATION_NAME, NOTIFICATION_PATH
from psrebind.decode.tasks import TASK_NAME, TASK_PATH
from psrebind.model import Thumbprint
from psrebind.operations.base import Query


@dataclass(frozen=True)
class TaskRow:
    """A scheduled task: its XML, and how its last run ended (a date in 1999 is never)."""

    path: str
    name: str
    state: str
    xml: str
    last_run: datetime | None
    last_result: int


@dataclass(frozen=True)
class RebindTasks:
    """One row: ``shared`` has, per template, the bound certificates that were made from it.

    ``autoenrollment``: whether the machine's policy turns it on, which makes these a danger.
    """

    enabled: bool | None
    tasks: tuple[TaskRow, ...]
    shared: tuple[tuple[Thumbprint, ...], ...]
    autoenrollment: bool


@dataclass(frozen=True, kw_only=True)
class GetRebindTask(Query[RebindTasks]):
    """Read the rebind task, every other task on the same event, and what makes it dangerous."""

    task_path: str = TASK_PATH
    task_name: str = TASK_NAME
    # Read whatever they wait for: an edited task of psrebind's own is still its own.
    places: tuple[str, ...] = (
        f"{TASK_PATH}{TASK_NAME}",
        f"{NOTIFICATION_PATH}{NOTIFICATION_NAME}",
    )
    channel: str = SYSTEM_CHANNEL
