"""The engine without PowerShell: what each operation's script would find on the host's model.

It repeats, in Python, what the templates do in PowerShell; a test compares the two on every
operation. Nothing that psrebind must prove counts on it.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from psrebind.lab.engines.model.change_operations import OPERATIONS as CHANGES
from psrebind.lab.engines.model.notice_operations import NOTICES
from psrebind.lab.engines.model.notification_operations import NOTIFICATIONS
from psrebind.lab.engines.model.operations import OPERATIONS, Refused
from psrebind.lab.engines.model.reading_operations import READING
from psrebind.lab.engines.model.script import Asked, read_script
from psrebind.lab.engines.model.story_operations import STORY
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault

Row = dict[str, Any]
# COR_E_SYSTEM, as .NET gives it.
RUNTIME_EXCEPTION = 0x80131501
_KNOWN = OPERATIONS | CHANGES | READING | STORY | NOTICES | NOTIFICATIONS


class Answers:
    """Answers the scripts that reach one host; one change at a time, as the mutex has it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._mutex = threading.Lock()

    def __call__(self, script: str, parameters: Mapping[str, object]) -> str:
        """Give the reply's JSON for a rendered script."""
        secrets = parameters.get("Secrets")
        asked = read_script(script, dict(secrets) if isinstance(secrets, Mapping) else {})
        changing = any(one.changes for one in asked)
        full = self._host.facts.language_mode == "FullLanguage"
        owned = changing and full and self._mutex.acquire(blocking=False)
        try:
            bodies = [self._body(one, owned) for one in asked]
        finally:
            if owned:
                self._mutex.release()
        return json.dumps(_head(self._host) | {"bodies": bodies}, default=_encoded)

    def _body(self, asked: Asked, owned: bool) -> Row:
        reply: Row = {"operation": asked.operation, "rows": [], "warnings": [], "error": None}
        reply["error"] = self._obstacle(asked, owned)
        if reply["error"] is None:
            try:
                # As the envelope has it: what is no row is a warning.
                output = list(_KNOWN[asked.operation](self._host, asked))
                reply["rows"] = [one for one in output if not isinstance(one, str)]
                reply["warnings"] = [one for one in output if isinstance(one, str)]
            except HostFault as fault:
                reply["error"] = _error(
                    fault.message,
                    fault.error_id,
                    fault.category,
                    exception=fault.exception_type,
                    hresult=fault.hresult,
                )
            except Refused as refusal:
                # What PowerShell makes of a script's own throw.
                reply["error"] = _error(
                    f"{refusal}{refusal.told}",
                    str(refusal),
                    "OperationStopped",
                    exception="System.Management.Automation.RuntimeException",
                    hresult=RUNTIME_EXCEPTION,
                )
        return reply

    def _obstacle(self, asked: Asked, owned: bool) -> Row | None:
        facts = self._host.facts
        if asked.changes and facts.language_mode != "FullLanguage":
            message = f"A change cannot run in language mode {facts.language_mode}."
            return _error(message, "psrebind.LanguageMode", "PermissionDenied")
        if asked.changes and not owned:
            message = "Another psrebind is changing this host, or a program there holds the mutex"
            return _error(rf"{message} Global\psrebind.", "psrebind.Busy", "ResourceBusy")
        for module in asked.modules:
            if module not in facts.modules:
                identifier = f"psrebind.MissingModule,{module}"
                return _error(f"The module {module} is missing.", identifier, "NotInstalled")
        return None


def _head(host: Host) -> Row:
    clock = datetime.now(UTC) + timedelta(seconds=host.facts.clock_offset)
    return {
        "powershell": host.facts.powershell_version,
        "language_mode": host.facts.language_mode,
        "process_bits": 64,
        "ui_culture": host.facts.ui_culture,
        "clock": clock.isoformat(),
    }


def _error(
    message: str, identifier: str, category: str, *, exception: str = "", hresult: int | None = None
) -> Row:
    return {
        "message": message,
        "error_id": identifier,
        "category": category,
        "exception": exception,
        "hresult": hresult,
        "line": 0,
    }


def _encoded(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} does not fit a reply")
