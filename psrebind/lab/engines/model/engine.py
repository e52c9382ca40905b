"""A shell without PowerShell: it speaks PSRP itself, and a function answers each script."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import psrpcore
from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    ErrorRecord,
    NETException,
    PipelineState,
    PSInvocationState,
    PSSecureString,
)

from psrebind.lab.server.streams import RUNSPACE_POOL_STATE, OutputStream, Received, ShellGone
from psrebind.lab.windows.host_fault import HostFault

Answer = Callable[[str, Mapping[str, object]], str]
FRAGMENT_SIZE: Final = 32768


@dataclass
class _Running:
    pipeline: psrpcore.ServerPipeline
    stream: OutputStream
    task: asyncio.Task[None] | None = None


class ModelEngine:
    """A shell whose scripts are answered by a function, each in a thread of its own."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._pool = psrpcore.ServerRunspacePool()
        self._pool_stream = OutputStream(RUNSPACE_POOL_STATE)
        self._running: dict[uuid.UUID, _Running] = {}

    async def open(self, creation_xml: bytes) -> None:
        """Open the pool."""
        self._take(creation_xml)

    async def command(self, pipeline: uuid.UUID, data: bytes) -> None:
        """Begin a pipeline; psrpcore wants to know it before its data comes."""
        made = psrpcore.ServerPipeline(self._pool, pipeline)
        self._running[pipeline] = _Running(made, OutputStream())
        self._take(data)

    async def send(self, pipeline: uuid.UUID | None, data: bytes) -> None:
        """Take further fragments."""
        self._take(data)

    async def receive(self, pipeline: uuid.UUID | None, timeout: float) -> Received:
        """Return what the pipeline, or the pool, has for the client."""
        stream = self._pool_stream if pipeline is None else self._running[pipeline].stream
        return await stream.receive(timeout)

    async def signal(self, pipeline: uuid.UUID) -> None:
        """Stop a pipeline; an answer that still comes is thrown away."""
        running = self._running[pipeline]
        if running.task is None or running.task.done():
            return
        running.task.cancel()
        running.pipeline.stop()
        self._drain()

    async def close(self) -> None:
        """Stop every pipeline, and let readers know."""
        for running in self._running.values():
            if running.task is not None:
                running.task.cancel()
            running.stream.fail("The shell was closed.")
        self._pool_stream.fail("The shell was closed.")

    def _take(self, data: bytes) -> None:
        payload = psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None)
        try:
            self._pool.receive_data(payload)
            while (event := self._pool.next_event()) is not None:
                self._react(event)
        except (psrpcore.PSRPCoreError, ValueError, LookupError, SyntaxError) as error:
            raise ShellGone(f"The client's PSRP is not understood: {error}") from error
        self._drain()

    def _react(self, event: psrpcore.PSRPEvent[object, object]) -> None:
        if isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            self._pool.runspace_availability_response(event.ci, self._pool.max_runspaces)
        elif isinstance(event, psrpcore.CreatePipelineEvent):
            running = self._running[event.pipeline_id]
            script, parameters = _read(event.pipeline)
            # `start` would send a state of its own, which no Windows does.
            running.pipeline.state = PSInvocationState.Running
            running.task = asyncio.create_task(self._run(running, script, parameters))

    async def _run(self, running: _Running, script: str, parameters: Mapping[str, object]) -> None:
        try:
            text = await asyncio.to_thread(self._answer, script, parameters)
        except Exception as error:  # whatever the function raises is the script's own failure
            _fail(running.pipeline, error)
        else:
            running.pipeline.write_output(text)
            running.pipeline.complete()
        self._drain()

    def _drain(self) -> None:
        while (payload := self._pool.data_to_send(FRAGMENT_SIZE)) is not None:
            running = None
            if payload.pipeline_id is not None:
                running = self._running[payload.pipeline_id]
            (self._pool_stream if running is None else running.stream).put(payload.data)


def _read(pipeline: psrpcore.PowerShell) -> tuple[str, dict[str, object]]:
    script = "\n".join(command.command_text for command in pipeline.commands)
    named = [pair for command in pipeline.commands for pair in command.parameters]
    return script, {name: _plain(value) for name, value in named if name is not None}


def _plain(value: object) -> object:
    return str(value.decrypt()) if isinstance(value, PSSecureString) else value


def _signed(hresult: int) -> int:
    return hresult - (1 << 32) if hresult >= 1 << 31 else hresult


def _fail(pipeline: psrpcore.ServerPipeline, error: Exception) -> None:
    fault = error
    if not isinstance(fault, HostFault):
        fault = HostFault(str(error), type(error).__name__, exception_type="System.Exception")
    exception = NETException(Message=fault.message, HResult=_signed(fault.hresult))
    exception.PSObject.type_names = [fault.exception_type, "System.Exception", "System.Object"]
    category = getattr(ErrorCategory, fault.category, ErrorCategory.NotSpecified)
    record = ErrorRecord(
        Exception=exception,
        CategoryInfo=ErrorCategoryInfo(
            Category=category, Reason=fault.exception_type.rpartition(".")[2]
        ),
        FullyQualifiedErrorId=fault.error_id,
    )
    state = PSInvocationState.Failed
    pipeline.prepare_message(PipelineState(PipelineState=int(state), ExceptionAsErrorRecord=record))
    pipeline.state = state
