"""What a rebind needs to know of one host, read by one script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from psrebind.errors import HostError, ScriptError
from psrebind.model import Certificate, UnreadableCertificate
from psrebind.operations.base import Operation, run
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost, missing_module
from psrebind.replies import Body, Reply
from psrebind.services import services
from psrebind.services.observation import Observation
from psrebind.sessions.base import Limits, OnStream, Session, StreamRecord
from psrebind.templates import Library

_MISSING_MODULE = "psrebind.MissingModule,"
# ERROR_NO_SUCH_LOGON_SESSION, which http.sys gives for a key that it cannot open.
_NO_LOGON_SESSION = 0x80070520
_KEY = (
    "Windows cannot use the private key of the new certificate: import it again with its key, or "
    "let SYSTEM read the key. It said:"
)


@dataclass(frozen=True)
class Sending:
    """How scripts are sent: whose templates, when to stop waiting, who hears the streams."""

    library: Library | None = None
    limits: Limits = field(default_factory=Limits)
    on_stream: OnStream | None = None

    def run(self, operations: Sequence[Operation[Any]], session: Session) -> Reply:
        """Send several operations as one pipeline; the bodies' warnings go to the streams."""
        reply = run(
            operations,
            session,
            library=self.library,
            limits=self.limits,
            on_stream=self.on_stream,
        )
        if self.on_stream:
            for record in _warnings(reply):
                self.on_stream(record)
        return reply


def _warnings(reply: Reply) -> Iterator[StreamRecord]:
    for body in reply.bodies:
        for warning in body.warnings:
            yield StreamRecord("warning", f"{body.operation}: {warning}")


def observe(
    session: Session, *, sending: Sending | None = None, needs_services: bool = True
) -> Observation:
    """Read host, certificates and the places of all services in one pipeline; raise what any met.

    A host that needs none of the services has no places of one whose module it lacks.
    """
    facts, stores, asked = GetHost(), GetCertificate(), services()
    operations: list[Operation[Any]] = [facts, stores, *(one.query for one in asked)]
    reply = (sending or Sending()).run(operations, session)
    host_body, store_body, *others = reply.bodies
    present = {
        one: body
        for one, body in zip(asked, others, strict=True)
        if needs_services or not _lacks_module(body)
    }
    for body in (host_body, store_body, *present.values()):
        if body.error:
            raise with_remedy(body.error)
    found = stores.result(store_body)
    return Observation(
        host=facts.host(reply, host_body),
        clock=reply.clock,
        certificates=tuple(one for one in found if isinstance(one, Certificate)),
        unreadable=tuple(one for one in found if isinstance(one, UnreadableCertificate)),
        readings={one.name: one.read(body) for one, body in present.items()},
        stores=stores.stores,
    )


def _lacks_module(body: Body) -> bool:
    return bool(body.error and body.error.error_id.startswith(_MISSING_MODULE))


def with_remedy(error: HostError) -> HostError:
    """The same error, with what to do about a missing module or a key that Windows cannot use."""
    if not isinstance(error, ScriptError):
        return error
    if error.hresult is not None and error.hresult & 0xFFFFFFFF == _NO_LOGON_SESSION:
        text = f"{_KEY} {error.message}"
        told = ScriptError(
            text, error_id=error.error_id, category=error.category, hresult=error.hresult
        )
        told.place = error.place
        return told
    if not error.error_id.startswith(_MISSING_MODULE):
        return error
    name = error.error_id.removeprefix(_MISSING_MODULE)
    return ScriptError(missing_module(name), error_id=error.error_id, category=error.category)
