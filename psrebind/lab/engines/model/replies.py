"""What the engine without PowerShell replies to a rendered script.

It answers the operations of psrebind's own templates; a test compares it with PowerShell on every
one of them. Nothing that psrebind must prove counts on it.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from psrebind.lab.engines.model.binding_changes import BINDING_CHANGES
from psrebind.lab.engines.model.notice import send_notice
from psrebind.lab.engines.model.queries import QUERIES
from psrebind.lab.engines.model.records import Row
from psrebind.lab.engines.model.request import Answer, OperationRequest, Refused
from psrebind.lab.engines.model.script import read_script
from psrebind.lab.engines.model.task_changes import TASK_CHANGES
from psrebind.lab.stage.control import NO_POWERSHELL
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault

# COR_E_SYSTEM, as .NET gives it.
RUNTIME_EXCEPTION = 0x80131501
ANSWERS: Mapping[str, Answer] = {
    **QUERIES,
    **BINDING_CHANGES,
    **TASK_CHANGES,
    "send_renewal_notice": send_notice,
}


class Answers:
    """Answers the scripts that reach one host; one change at a time, as the mutex has it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._mutex = threading.Lock()

    def __call__(self, script: str, parameters: Mapping[str, object]) -> str:
        """Give the reply's JSON for a rendered script."""
        secrets = parameters.get("Secrets")
        requests = read_script(script, dict(secrets) if isinstance(secrets, Mapping) else {})
        changing = any(one.changes for one in requests)
        full = self._host.facts.language_mode == "FullLanguage"
        owned = changing and full and self._mutex.acquire(blocking=False)
        try:
            bodies = [self._body(one, owned) for one in requests]
        finally:
            if owned:
                self._mutex.release()
        return json.dumps(_head(self._host) | {"bodies": bodies}, default=_encoded)

    def _body(self, request: OperationRequest, owned: bool) -> Row:
        reply: Row = {"operation": request.operation, "rows": [], "warnings": []}
        reply["error"] = self._obstacle(request, owned)
        if reply["error"] is None:
            try:
                # As the envelope has it: what is no row is a warning.
                output = list(ANSWERS[request.operation](self._host, request))
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
                    f"{refusal}{refusal.remark}",
                    str(refusal),
                    "OperationStopped",
                    exception="System.Management.Automation.RuntimeException",
                    hresult=RUNTIME_EXCEPTION,
                )
        return reply

    def _obstacle(self, request: OperationRequest, owned: bool) -> Row | None:
        facts = self._host.facts
        if request.changes and facts.language_mode != "FullLanguage":
            message = f"A change cannot run in language mode {facts.language_mode}."
            return _error(message, "psrebind.LanguageMode", "PermissionDenied")
        if request.changes and not owned:
            message = "Another psrebind is changing this host, or a program there holds the mutex"
            return _error(rf"{message} Global\psrebind.", "psrebind.Busy", "ResourceBusy")
        for module in request.modules:
            if module not in facts.modules:
                identifier = f"psrebind.MissingModule,{module}"
                return _error(f"The module {module} is missing.", identifier, "NotInstalled")
        if request.operation not in ANSWERS:
            message = f"The model has no answer to {request.operation}, and {NO_POWERSHELL}."
            return _error(message, "psrebind.NoPowerShell", "NotImplemented")
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
