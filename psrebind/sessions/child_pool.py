"""A runspace pool in a child process: what is sent to it in which order, and what comes back."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from typing import Any, Final
from uuid import UUID

import psrpcore
from psrpcore.types import PSInvocationState, PSSecureString, RunspacePoolState

from psrebind.errors import ScriptError
from psrebind.script import Script
from psrebind.sessions.base import Limits, OnStream, StreamRecord
from psrebind.sessions.script_call import Phase, ScriptCall, Stopped, single_text
from psrebind.sessions.stdio import POOL, Child, NotPsrp

FRAGMENT_SIZE: Final = 32768
# Short enough that Windows, where a waiting lock ignores Ctrl-C, delivers it.
TICK: Final = 0.1
# How long a pipeline may take to stop or to be forgotten, and a pool to close.
PATIENCE: Final = 1.0
_OVER: Final = (
    PSInvocationState.Completed,
    PSInvocationState.Failed,
    PSInvocationState.Stopped,
    PSInvocationState.Disconnected,
)


class ChildPool:
    """One pool with one runspace; scripts run in it one after the other."""

    def __init__(self, child: Child) -> None:
        self.usable = True
        self._child = child
        self._client = psrpcore.ClientRunspacePool()
        self._acknowledged: Counter[tuple[str, UUID]] = Counter()
        self._patience: float | None = None
        self._keyed = False
        self._running: _Pipeline | None = None

    def open(self, call: ScriptCall, seconds: float) -> None:
        """Open the pool; raise NotPsrp when that takes longer than so many seconds."""
        self._patience = time.monotonic() + seconds
        self._client.open()
        self._flush(call)
        while self._client.state != RunspacePoolState.Opened:
            if self._client.state in (RunspacePoolState.Broken, RunspacePoolState.Closed):
                raise NotPsrp("refused to open a runspace pool")
            self._step(call)
        self._patience = None

    def run(self, script: Script, call: ScriptCall, on_stream: OnStream | None) -> str:
        """Run one script and give its single text; ScriptError or ReplyError without one."""
        parameters = self._sealed(script, call)
        shell = psrpcore.ClientPowerShell(self._client)
        shell.add_script(script.text)
        if parameters:
            shell.add_parameter("Secrets", parameters)
        shell.start()
        # The child runs nothing before the data, and takes none before it acknowledged the command.
        self._ask(call, "Command", shell.pipeline_id)
        call.advance(Phase.SENT)
        self._running = pipeline = _Pipeline(shell.pipeline_id, on_stream)
        self._flush(call)
        while pipeline.state not in _OVER:
            self._step(call)
        if pipeline.state not in (PSInvocationState.Completed, PSInvocationState.Failed):
            raise Stopped("the script was stopped on the host")
        call.advance(Phase.ANSWERED)
        self._running = None
        self._forget(pipeline.id)
        return pipeline.text()

    def close(self) -> None:
        """Stop what runs, and close the pool if the child still answers; never raises."""
        self.usable = False
        pipeline, self._running = self._running, None
        with contextlib.suppress(Exception):
            if pipeline is not None and pipeline.state not in _OVER:
                self._ask(_hurried(), "Signal", pipeline.id)
                # A pool does not close while it remembers a pipeline.
                self._ask(_hurried(), "Close", pipeline.id)
        with contextlib.suppress(Exception):
            if self._client.state == RunspacePoolState.Opened:
                self._ask(_hurried(), "Close", POOL)

    def _sealed(self, script: Script, call: ScriptCall) -> dict[str, PSSecureString]:
        if script.secrets and not self._keyed:
            self._client.exchange_key()
            self._flush(call)
            while not self._keyed:
                self._step(call)
        return {name: PSSecureString(secret.reveal()) for name, secret in script.secrets.items()}

    def _forget(self, pipeline: UUID) -> None:
        # The outcome is known: a child that fails now costs the pool and not the reply.
        try:
            self._ask(_hurried(), "Close", pipeline)
            del self._client.pipeline_table[pipeline]
        except Exception:
            self.usable = False

    def _flush(self, call: ScriptCall) -> None:
        while (payload := self._client.data_to_send(FRAGMENT_SIZE)) is not None:
            self._ask(call, "Data", payload.pipeline_id or POOL, payload.data)

    def _ask(self, call: ScriptCall, kind: str, target: UUID, data: bytes | None = None) -> None:
        self._child.tell(kind, target, data)
        awaited = (f"{kind}Ack", target)
        while not self._acknowledged[awaited]:
            self._step(call)
        self._acknowledged[awaited] -= 1
        self._acknowledged += Counter()

    def _step(self, call: ScriptCall) -> None:
        call.proceed()
        if self._patience is not None and time.monotonic() > self._patience:
            said = f"; it said: {self._child.said}" if self._child.said else ""
            raise NotPsrp(f"does not answer as a PowerShell does{said}")
        line = self._child.receive(TICK)
        if line is None:
            return
        if line.kind != "Data":
            self._acknowledged[line.kind, line.target] += 1
            return
        for event in self._events(line.data):
            if isinstance(event, psrpcore.EncryptedSessionKeyEvent):
                self._keyed = True
            elif self._running is not None and event.pipeline_id == self._running.id:
                self._running.take(event)

    def _events(self, data: bytes) -> list[psrpcore.PSRPEvent[object, object]]:
        events = []
        try:
            payload = psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None)
            self._client.receive_data(payload)
            while (event := self._client.next_event()) is not None:
                events.append(event)
        except Exception as error:  # psrpcore lets KeyError, struct.error and others out
            raise NotPsrp(f"says what is not PSRP ({type(error).__name__})") from error
        return events


class _Pipeline:
    """What one pipeline has said so far."""

    def __init__(self, identity: UUID, on_stream: OnStream | None) -> None:
        self.id = identity
        self.state = PSInvocationState.Running
        self._on_stream = on_stream
        self._reason: object = None
        self._output: list[object] = []
        self._errors: list[object] = []

    def take(self, event: psrpcore.PSRPEvent[object, object]) -> None:
        """Keep an event, or hand it on when it is a record of another stream."""
        match event:
            case psrpcore.PipelineOutputEvent():
                self._output.append(event.data)
            case psrpcore.ErrorRecordEvent():
                self._errors.append(event.record)
            case psrpcore.PipelineStateEvent():
                self.state, self._reason = event.state, event.reason
            case _ if self._on_stream and (record := _stream_record(event)):
                self._on_stream(record)

    def text(self) -> str:
        """The single string of a pipeline that has ended; ScriptError or ReplyError otherwise."""
        if self.state == PSInvocationState.Failed:
            raise _script_error(self._reason or (self._errors[-1] if self._errors else None))
        return single_text(self._output, _message(self._errors[0]) if self._errors else None)


def _stream_record(event: psrpcore.PSRPEvent[object, object]) -> StreamRecord | None:
    match event:
        case (
            psrpcore.VerboseRecordEvent()
            | psrpcore.DebugRecordEvent()
            | psrpcore.WarningRecordEvent()
        ):
            stream = type(event).__name__.removesuffix("RecordEvent").lower()
            return StreamRecord(stream, event.record.Message or "")
        case psrpcore.InformationRecordEvent():
            # Write-Host sends an object with colours around its text.
            data = event.record.MessageData
            return StreamRecord("information", str(getattr(data, "Message", data)))
        case psrpcore.ProgressRecordEvent():
            record = event.record
            text = ": ".join(part for part in (record.Activity, record.StatusDescription) if part)
            percent = record.PercentComplete
            known = percent is not None and percent >= 0
            return StreamRecord("progress", text, int(percent) if known else None)
    return None


def _script_error(record: Any) -> ScriptError:
    if record is None:
        return ScriptError("the script failed and did not say why")
    exception = record.Exception
    kind = next(iter(exception.PSObject.type_names), "")
    hresult = getattr(exception, "HResult", None)
    return ScriptError(
        _message(record),
        error_id=str(record.FullyQualifiedErrorId or ""),
        category=record.CategoryInfo.Category.name,
        exception=kind.removeprefix("Deserialized."),
        hresult=int(hresult) if isinstance(hresult, int) else None,
    )


def _message(record: Any) -> str:
    details = record.ErrorDetails.Message if record.ErrorDetails else None
    return str(details or getattr(record.Exception, "Message", None) or record)


def _hurried() -> ScriptCall:
    return ScriptCall(None, Limits.within(PATIENCE))
