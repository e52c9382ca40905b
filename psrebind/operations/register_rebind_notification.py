"""Register a certificate notification task that rebinds, and turn its event log on."""

from __future__ import annotations

from dataclasses import dataclass, field

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.task_words import NOTIFICATION_NAME, NOTIFICATION_PATH
from psrebind.model import Thumbprint
from psrebind.operations.base import Change
from psrebind.operations.get_rebind_notification import GetRebindNotification, NotificationState
from psrebind.templates import shipped

HANDLER = "notification_handler.ps1"


def handler() -> str:
    """The script's text as psrebind writes it."""
    return shipped(HANDLER)


@dataclass(frozen=True)
class NotificationRegistration:
    """One row: ``skipped`` as for the rebind task; ``policy`` decides whether the script runs."""

    before: NotificationState
    after: NotificationState
    enabled_before: bool
    enabled_after: bool
    policy: str
    shared: tuple[tuple[Thumbprint, ...], ...]
    autoenrollment: bool
    skipped: bool
    changed: bool


@dataclass(frozen=True, kw_only=True)
class RegisterRebindNotification(Change[NotificationRegistration]):
    """Register a certificate notification task that rebinds, and turn its event log on."""

    task_path: str = NOTIFICATION_PATH
    task_name: str = NOTIFICATION_NAME
    channel: str = SYSTEM_CHANNEL
    handler: str = field(init=False, default_factory=handler)
    force: bool = False

    def state(self) -> GetRebindNotification:
        """The script that the task runs."""
        return GetRebindNotification()
