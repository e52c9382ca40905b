"""Read psrebind's certificate notification task and the script that it runs."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.task_words import NOTIFICATION_NAME, NOTIFICATION_PATH
from psrebind.operations.base import Query


@dataclass(frozen=True)
class NotificationState:
    """The script's path and text, and the task's state and arguments; None for what is not there.

    ``waiting`` says that the task waits for replaced certificates.
    """

    script: str
    handler: str | None
    state: str | None
    arguments: str | None
    waiting: bool


@dataclass(frozen=True, kw_only=True)
class GetRebindNotification(Query[NotificationState]):
    """Read psrebind's certificate notification task and the script that it runs."""

    task_path: str = NOTIFICATION_PATH
    task_name: str = NOTIFICATION_NAME
    channel: str = SYSTEM_CHANNEL
