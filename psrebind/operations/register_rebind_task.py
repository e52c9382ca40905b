"""Register the rebind task that IIS Manager makes, and turn its event log on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.tasks import (
    DEFAULTS,
    IGNORED,
    SAME,
    TASK_NAME,
    TASK_PATH,
    canonical,
    wanted_xml,
)
from psrebind.model import Thumbprint
from psrebind.operations.base import Change
from psrebind.operations.get_rebind_task import GetRebindTask


@dataclass(frozen=True)
class TaskRegistration:
    """One row: ``skipped`` where bound certificates share a template, and nobody forced it.

    Without ``autoenrollment`` nobody replaces one by another, and nothing is skipped.
    """

    before: str | None
    after: str | None
    enabled_before: bool
    enabled_after: bool
    shared: tuple[tuple[Thumbprint, ...], ...]
    autoenrollment: bool
    skipped: bool
    changed: bool


@dataclass(frozen=True, kw_only=True)
class RegisterRebindTask(Change[TaskRegistration]):
    """Register the rebind task that IIS Manager makes, and turn its event log on.

    ``wanted`` and ``tables`` are the task's canonical form and what it is made with, so that the
    host can tell an unchanged task in the same script.
    """

    task_path: str = TASK_PATH
    task_name: str = TASK_NAME
    channel: str = SYSTEM_CHANNEL
    xml: str = field(init=False, default_factory=wanted_xml)
    wanted: tuple[str, ...] = field(
        init=False,
        default_factory=lambda: tuple(map("=".join, canonical(wanted_xml()).items())),
    )
    tables: Mapping[str, Any] = field(
        init=False,
        default_factory=lambda: {"defaults": DEFAULTS, "ignored": IGNORED, "same": SAME},
        hash=False,
    )
    force: bool = False

    def state(self) -> GetRebindTask:
        """The task and its log."""
        return GetRebindTask()
