"""Register a certificate notification task that rebinds, and turn its event log on."""

from __future__ import annotations

from dataclasses import dataclass, field

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.task_words import NOTIFICATION_NAME, NOTIFICATION_PATH
from psrebind.model import Thumbprint
from psrebind.operations.base import Change
from psrebind.templates import shipped

HANDLER = "notification_handler.ps1"


def _handler() -> str:
    return shipped(HANDLER)


@dataclass(frozen=True)
class NotificationState:
    """The script's text, and the task's state and arguments; None for what is not there.

    ``waiting`` says that the task waits for replaced certificates.
    """

    handler: str | None
    state: str | None
    arguments: str | None
    waiting: bool


@dataclass(frozen=True)
class NotificationRegistration:
    """One row: ``skipped`` as for the rebind task; ``policy`` decides whether the script runs."""

    before: NotificationState
    after: NotificationState
    enabled_before: bool
    enabled_after: bool
    policy: str
    shared: tuple[tuple[Thumbprint, ...], ...]
    skipped: bool
    changed: bool


@dataclass(frozen=True, kw_only=True)
class RegisterRebindNotification(Change[NotificationRegistration]):
    """Register a certificate notification task that rebinds, and turn its event log on."""

    task_path: str = NOTIFICATION_PATH
    task_name: str = NOTIFICATION_NAME
    channel: str = SYSTEM_CHANNEL
    handler: str = field(init=False, default_factory=_handler)
    force: bool = False
