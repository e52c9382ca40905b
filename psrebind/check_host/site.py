"""The site that a check makes on a host, and that nothing of it stays behind.

What is left is found by comparing what psrebind's own queries see before and after.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from psrebind.check_host.operations import (
    HOST_NAME,
    SITE,
    TASK,
    MethodCall,
    NetshCall,
    NewCheckCertificate,
    NewCheckSite,
    RemoveCheckSite,
    SetCheckCertificate,
    SetCheckRecord,
    library,
)
from psrebind.check_host.questions import Unanswered
from psrebind.errors import PsrebindError
from psrebind.iis_model import BindingInfo, RecordKind
from psrebind.model import Thumbprint
from psrebind.operations import Operation, run
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.rebind.handshake import handshake
from psrebind.services.steps import Endpoint
from psrebind.sessions.base import Session

Row = TypeVar("Row")
OpenSession = Callable[[], Session]
# An application id of its own, to see whether Windows keeps it.
APPLICATION = "{7c1e5b0e-6f0d-4c58-9d0f-d3a1c4b7e921}"


@dataclass(frozen=True)
class CheckTarget:
    """The host: where clients reach it, the port of the site, and how sessions open."""

    address: str
    port: int
    open: OpenSession


@dataclass(frozen=True)
class CheckBinding:
    """One binding of the site, and the record that its certificate lives in."""

    information: BindingInfo
    kind: RecordKind
    endpoint: str


@dataclass
class CheckSite:
    """The site while it stands: two certificates for one name, and where they may be bound."""

    session: Session
    address: str
    port: int
    first: Thumbprint
    second: Thumbprint
    plain: CheckBinding
    named: CheckBinding
    flagged: CheckBinding | None

    def ask(self, asked: Operation[Row]) -> Row:
        """The one row of an operation; raises its error."""
        return ask_one(self.session, asked)

    def call(
        self, binding: CheckBinding, method: str, thumbprint: str, *, archive: bool = False
    ) -> MethodCall:
        """Call a method of a binding; its failure is in the row."""
        return self.ask(
            SetCheckCertificate(
                information=binding.information,
                kind=binding.kind,
                endpoint=binding.endpoint,
                method=method,
                thumbprint=Thumbprint(thumbprint),
                archive=archive,
            )
        )

    def bind(
        self, binding: CheckBinding, thumbprint: Thumbprint, method: str = "AddSslCertificate"
    ) -> MethodCall:
        """Put a certificate on a binding, by any means; Unanswered where Windows refuses."""
        done = self.call(binding, method, thumbprint)
        if done.hresult is not None or not done.after or done.after.thumbprint != thumbprint:
            raise Unanswered(f"{method} did not bind the certificate: {done.message or 'no error'}")
        return done

    def netsh(self, binding: CheckBinding, verb: str, *arguments: str) -> NetshCall:
        """Let netsh work on a binding's record; its failure is in the row."""
        return self.ask(
            SetCheckRecord(
                kind=binding.kind, endpoint=binding.endpoint, verb=verb, arguments=arguments
            )
        )

    def exact(self) -> CheckBinding:
        """The address that clients come to, as a place for a record; no binding has it."""
        try:
            found = socket.getaddrinfo(self.address, self.port, type=socket.SOCK_STREAM)[0][4][0]
        except OSError as error:
            raise Unanswered(f"{self.address} is not resolved from here: {error}") from error
        address = f"[{found}]" if ":" in str(found) else str(found)
        return replace(self.plain, endpoint=f"{address}:{self.port}")

    def client(self, binding: CheckBinding) -> Endpoint:
        """Where a client of a binding handshakes."""
        return Endpoint(self.address, binding.information.port, binding.information.host or None)

    def served(self, binding: CheckBinding) -> str:
        """Which of the two certificates a client gets; Unanswered where it meets neither."""
        met = handshake(self.client(binding), timeout=5.0)
        if met.thumbprint not in (self.first, self.second):
            reason = met.error or "another certificate answers"
            raise Unanswered(
                f"port {self.port} is not reached from here ({reason}): "
                "open it, or name one that is by --check-port"
            )
        return met.thumbprint


def ask_one(session: Session, asked: Operation[Row]) -> Row:
    """The one row of one operation in a script of its own."""
    row: Row = asked.rows(run([asked], session, library=library()).bodies[0])[0]
    return row


@contextmanager
def check_site(target: CheckTarget, session: Session, *, left: list[str]) -> Iterator[CheckSite]:
    """The site for the length of a with block; ``left`` gets what could not be taken away."""
    ask_one(session, RemoveCheckSite())
    before = _objects(session)
    try:
        yield _made(session, target.address, target.port)
    finally:
        left += _cleaned(target.open, before)


def _made(session: Session, address: str, port: int) -> CheckSite:
    first, second = (ask_one(session, NewCheckCertificate()).after for _ in range(2))
    asked = NewCheckSite(port=port, flagged_port=port + 1)
    made = map(_binding, ask_one(session, asked).after)
    bindings = {binding.information: binding for binding in made}
    plain, named, flagged = (
        bindings.get(BindingInfo(text))
        for text in (f"*:{port}:", f"*:{port}:{HOST_NAME}", f"*:{port + 1}:")
    )
    if plain is None or named is None:
        raise Unanswered(f"the site has the bindings {', '.join(bindings)} only")
    return CheckSite(
        session=session,
        address=address,
        port=port,
        first=first,
        second=second,
        plain=plain,
        named=named,
        flagged=flagged,
    )


def _binding(information: BindingInfo) -> CheckBinding:
    if information.host:
        place = f"{information.host}:{information.port}"
        return CheckBinding(information, RecordKind.SNI, place)
    return CheckBinding(information, RecordKind.IP, f"0.0.0.0:{information.port}")


def _cleaned(open_session: OpenSession, before: set[str]) -> list[str]:
    # A session of its own: the other one may be what was lost.
    try:
        with open_session() as session:
            reasons = ask_one(session, RemoveCheckSite()).after
            return [*reasons, *sorted(_objects(session) - before)]
    except PsrebindError as error:
        return [f"{said} ({error})" for said in removal_by_hand()]


def removal_by_hand() -> tuple[str, ...]:
    """What to remove by hand where nothing could be looked at any more."""
    return (
        f"the site {SITE}: Remove-Website {SITE}",
        "records of its certificates: netsh http show sslcert, netsh http delete sslcert",
        rf"certificates CN={HOST_NAME} in Cert:\LocalMachine\My, with their keys",
        rf"the task \{TASK}",
    )


def _objects(session: Session) -> set[str]:
    """Every binding, record, certificate and task that psrebind sees, as a line of text."""
    asked: list[Operation[Any]] = [GetIisBinding(), GetCertificate(), GetRebindTask()]
    iis, stores, tasks = run(asked, session).bodies
    bindings = GetIisBinding().bindings(iis)
    records = [one.record for one in bindings.bindings if one.record] + [*bindings.orphan_records]
    return {
        *(f"binding {one.site} {one.information}" for one in bindings.bindings),
        *(f"record {one.kind.value}={one.endpoint} {one.thumbprint}" for one in records),
        *(f"certificate {one.store} {one.thumbprint}" for one in GetCertificate().rows(stores)),
        *(f"task {one.path}{one.name}" for row in GetRebindTask().rows(tasks) for one in row.tasks),
    }
