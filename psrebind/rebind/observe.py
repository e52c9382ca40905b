"""What a rebind needs to know of one host, read by one script. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psrebind.errors import ReplyError
from psrebind.model import STORES, Certificate, Thumbprint, UnreadableCertificate, find_certificate
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost, Host
from psrebind.operations.get_iis_binding import GetIisBinding, IisBindings
from psrebind.operations.remedy import MISSING_MODULE
from psrebind.operations.runner import ScriptRunner
from psrebind.replies import Body, Reply

# What is asked of a host for a rebind, in one pipeline.
QUESTIONS = (GetHost(), GetCertificate(), GetIisBinding())


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


def observe(runner: ScriptRunner, *, iis_needed: bool = True) -> Observation:
    """Read host, certificates and bindings in one pipeline; raise what any of them met.

    A host that need not have IIS has no bindings without its module.
    """
    return read_observation(runner.run(QUESTIONS), iis_needed=iis_needed)


def read_observation(reply: Reply, *, iis_needed: bool = True) -> Observation:
    """The observation in a reply whose first bodies answer QUESTIONS."""
    host_body, store_body, iis_body = reply.bodies[: len(QUESTIONS)]
    without_iis = not iis_needed and _lacks_module(iis_body)
    for body in (host_body, store_body, *(() if without_iis else (iis_body,))):
        _require_answer(body)
    facts, stores, iis = QUESTIONS
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
        raise body.error
    if body.operation != GetCertificate.name() and len(body.rows) != 1:
        raise ReplyError(f"{body.operation}: one row was promised, not {len(body.rows)}")


def _lacks_module(body: Body) -> bool:
    return bool(body.error and body.error.error_id.startswith(MISSING_MODULE))
