"""Take psrebind's certificate notification task and its script away."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.task_words import NOTIFICATION_NAME, NOTIFICATION_PATH
from psrebind.operations.base import Change
from psrebind.operations.get_rebind_notification import GetRebindNotification, NotificationState


@dataclass(frozen=True)
class NotificationRemoval:
    """One row: what was there before, and nothing after."""

    before: NotificationState
    after: NotificationState
    changed: bool


@dataclass(frozen=True, kw_only=True)
class UnregisterRebindNotification(Change[NotificationRemoval]):
    """Take psrebind's certificate notification task and its script away."""

    task_path: str = NOTIFICATION_PATH
    task_name: str = NOTIFICATION_NAME
    channel: str = SYSTEM_CHANNEL

    def state(self) -> GetRebindNotification:
        """The script that the task runs."""
        return GetRebindNotification()
