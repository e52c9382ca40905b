"""Take the rebind task away."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.decode.tasks import TASK_NAME, TASK_PATH
from psrebind.operations.base import Change
from psrebind.operations.get_rebind_task import GetRebindTask


@dataclass(frozen=True)
class TaskRemoval:
    """One row: the task's XML before, and nothing after."""

    before: str | None
    after: str | None
    changed: bool


@dataclass(frozen=True, kw_only=True)
class UnregisterRebindTask(Change[TaskRemoval]):
    """Take the rebind task away."""

    task_path: str = TASK_PATH
    task_name: str = TASK_NAME

    def state(self) -> GetRebindTask:
        """The task and its log."""
        return GetRebindTask()
