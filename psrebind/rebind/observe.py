"""What a rebind needs to know of one host, read by one script. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psrebind.errors import HostError, ReplyError, ScriptError
from psrebind.model import Certificate, Thumbprint, UnreadableCertificate, find_certificate
from psrebind.operations.base import Operation
from psrebind.operations.get_certificate import STORES, GetCertificate
from psrebind.operations.get_host import GetHost, Host, missing_module
from psrebind.operations.get_iis_binding import GetIisBinding, IisBindings
from psrebind.operations.script_runner import Renderer, ScriptRunner
from psrebind.replies import Body, Reply
from psrebind.sessions.base import Limits, OnStream, Session

_MISSING_MODULE = "psrebind.MissingModule,"
# ERROR_NO_SUCH_LOGON_SESSION, which http.sys gives for a key that it cannot open.
_NO_LOGON_SESSION = 0x80070520
_KEY = (
    "Windows cannot use the private key of the new certificate: import it again with its key, or "
    "let SYSTEM read the key. It said:"
)


@dataclass(frozen=True)
class Observation:
    """One host at one moment; ``clock`` is its own, ``stores`` are those that were read."""

    host: Host
    clock: datetime
    certificates: tuple[Certificate, ...]
    unreadable: tuple[UnreadableCertificate, ...]
    bindings: IisBindings
    stores: tuple[str, ...] = STORES

    def stored(self, store: str, thumbprint: str) -> Certificate | UnreadableCertificate | None:
        """The certificate in one store."""
        return find_certificate((*self.certificates, *self.unreadable), store, thumbprint)

    def anywhere(self, thumbprint: Thumbprint) -> Certificate | None:
        """A readable copy of a certificate, of whatever store."""
        copies = (one for one in self.certificates if one.thumbprint == thumbprint)
        return next(copies, None)


@dataclass(frozen=True)
class Sending:
    """How scripts are sent: whose templates, when to stop waiting, who hears the streams."""

    renderer: Renderer = field(default_factory=Renderer)
    limits: Limits = field(default_factory=Limits)
    on_stream: OnStream | None = None

    def run(self, operations: Sequence[Operation[Any]], session: Session) -> Reply:
        """Send several operations as one script."""
        return ScriptRunner(session, self.renderer, self.limits, self.on_stream).run(operations)


def observe(
    session: Session, *, sending: Sending | None = None, iis_needed: bool = True
) -> Observation:
    """Read host, certificates and bindings in one pipeline; raise what any of them met.

    A host that need not have IIS has no bindings without its module.
    """
    facts, stores, iis = GetHost(), GetCertificate(), GetIisBinding()
    reply = (sending or Sending()).run([facts, stores, iis], session)
    host_body, store_body, iis_body = reply.bodies
    without_iis = not iis_needed and _lacks_module(iis_body)
    for body in (host_body, store_body, *(() if without_iis else (iis_body,))):
        _require_answer(body)
    found = stores.result(store_body)
    return Observation(
        host=facts.host(reply, host_body),
        clock=reply.clock,
        certificates=tuple(one for one in found if isinstance(one, Certificate)),
        unreadable=tuple(one for one in found if isinstance(one, UnreadableCertificate)),
        bindings=IisBindings((), ()) if without_iis else iis.bindings(iis_body),
        stores=stores.stores,
    )


def _require_answer(body: Body) -> None:
    if body.error:
        raise explained(body.error)
    if body.operation != GetCertificate.name() and len(body.rows) != 1:
        raise ReplyError(f"{body.operation}: one row was promised, not {len(body.rows)}")


def _lacks_module(body: Body) -> bool:
    return bool(body.error and body.error.error_id.startswith(_MISSING_MODULE))


def explained(error: HostError) -> HostError:
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
