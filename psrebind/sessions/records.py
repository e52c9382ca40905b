"""A pipeline of pypsrp, made of a script; and its one output, error record and other streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.powershell import PowerShell, PSDataStreams, RunspacePool

from psrebind.errors import ScriptError
from psrebind.script import Script
from psrebind.sessions.base import StreamRecord
from psrebind.sessions.script_call import single_text

STREAMS = ("verbose", "debug", "warning", "information", "progress")
# System.Management.Automation.ErrorCategory, by number.
CATEGORIES = [
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
]


def make_pipeline(pool: RunspacePool, script: Script) -> PowerShell:
    """A pipeline of a script, its secrets sealed for the host."""
    pipeline = PowerShell(pool)
    pipeline.add_script(script.text)
    if script.secrets:
        pool.exchange_keys()
        sealed = {
            name: pool.serialize(secret.reveal(), ObjectMeta("SS"))
            for name, secret in script.secrets.items()
        }
        pipeline.add_parameter("Secrets", sealed)
    return pipeline


def output_text(pipeline: PowerShell) -> str:
    """The single string of a pipeline that has ended; ScriptError or ReplyError otherwise."""
    errors = pipeline.streams.error
    if pipeline.state == PSInvocationState.FAILED:
        raise script_error(errors[-1] if errors else None)
    return single_text(pipeline.output, _message(errors[0]) if errors else None)


def script_error(record: Any) -> ScriptError:
    """A terminating error record as an exception."""
    if record is None:
        return ScriptError("the script failed and did not say why")
    exception = record.exception
    number = record.category or 0
    hresult = _property(exception, "HResult")
    return ScriptError(
        _message(record),
        error_id=record.fq_error or "",
        category=CATEGORIES[number] if 0 <= number < len(CATEGORIES) else str(number),
        exception=next(iter(getattr(exception, "types", None) or ()), ""),
        hresult=hresult if isinstance(hresult, int) else None,
    )


def new_records(streams: PSDataStreams, position: dict[str, int]) -> Iterator[StreamRecord]:
    """The records that came since the last time; `position` remembers how far that was."""
    for stream in STREAMS:
        records = getattr(streams, stream)
        for record in records[position.get(stream, 0) :]:
            yield _record(stream, record)
        position[stream] = len(records)


def _record(stream: str, record: Any) -> StreamRecord:
    if stream == "progress":
        parts = (record.activity, record.description)
        percent = record.percent_complete
        text = ": ".join(part for part in parts if part)
        return StreamRecord(stream, text, percent if percent is not None and percent >= 0 else None)
    if stream == "information":
        return StreamRecord(stream, str(record.message_data))
    return StreamRecord(stream, record.message or "")


def _message(record: Any) -> str:
    said = _property(record.exception, "Message")
    return str(record.details_message or said or record.message or record)


def _property(item: Any, name: str) -> Any:
    for kind in ("adapted_properties", "extended_properties"):
        found = getattr(item, kind, None) or {}
        if name in found:
            return found[name]
    return None
