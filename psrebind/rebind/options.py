"""How a rebind is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Method(StrEnum):
    """How certificates are changed: binding by binding, or as Windows' own task does."""

    BINDING = "binding"
    APPCMD = "appcmd"


@dataclass(frozen=True, kw_only=True)
class RebindOptions:
    """The method, and the folder of the states before: the user's data folder if none is given."""

    method: Method = Method.BINDING
    before_folder: Path | None = None


class TaskMethod(StrEnum):
    """Who rebinds at an event: appcmd as IIS Manager has it, or a notification task's script."""

    APPCMD = "appcmd"
    NOTIFICATION = "notification"
