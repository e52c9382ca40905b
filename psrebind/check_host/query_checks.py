"""The check by queries alone: whether psrebind reads a host, and which questions that settles.

It says how many, never which: the report goes to somebody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psrebind.check_host.operations import library
from psrebind.check_host.questions import Answers
from psrebind.check_host.value_probes import (
    settle_blobs,
    settle_comparisons,
    settle_empty_values,
    settle_keys,
    settle_replacements,
)
from psrebind.decode.events import LifecycleEvent
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, differences
from psrebind.errors import PsrebindError
from psrebind.model import UnreadableCertificate
from psrebind.operations import Operation, names, operation, run
from psrebind.operations.get_certificate import CertificateBlob, GetCertificate
from psrebind.operations.get_host import GetHost, Host
from psrebind.operations.get_iis_binding import GetIisBinding, IisBindings
from psrebind.operations.get_lifecycle_event import (
    GetLifecycleEvent,
    UnreadableEvent,
)
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.rebind.handshake import handshakes
from psrebind.replies import Body, Reply
from psrebind.services import service
from psrebind.sessions.base import Session


@dataclass(frozen=True)
class Check:
    """One thing that psrebind must be able to do here; ``ok`` is None for something to look at."""

    name: str
    ok: bool | None
    seen: str


@dataclass(frozen=True)
class QueryResults:
    """What the queries gave; what could not be read is None."""

    host: Host | None
    bindings: IisBindings | None
    blobs: tuple[CertificateBlob, ...]
    checks: tuple[Check, ...]


def run_queries(session: Session, address: str, answers: Answers) -> QueryResults:
    """Ask every query of psrebind, check what came, and settle what it settles."""
    asked = [kind() for name in names() if (kind := operation(name)).effect == "query"]
    reply = run(asked, session, library=library())
    bodies = dict(zip([type(one) for one in asked], reply.bodies, strict=True))
    checks = [_check(one, body) for one, body in zip(asked, reply.bodies, strict=True)]
    host = _value(lambda: GetHost().host(reply, bodies[GetHost]))
    bindings = _value(lambda: GetIisBinding().bindings(bodies[GetIisBinding]))
    blobs = _value(lambda: GetCertificate().rows(bodies[GetCertificate])) or ()
    checks += [*_host(host, reply), *_certificates(bodies), *_bindings(bindings, blobs, address)]
    checks += [*_events(bodies, answers), *_task(bodies)]
    settle_blobs(answers, blobs)
    if bindings:
        settle_empty_values(answers, bindings)
    settle_keys(session, answers)
    settle_comparisons(session, answers)
    return QueryResults(host, bindings, blobs, tuple(checks))


def _check(asked: Operation[Any], body: Body) -> Check:
    try:
        rows = asked.result(body)
    except PsrebindError as error:
        return Check(asked.name(), False, str(error))
    return Check(asked.name(), True, f"{len(rows)} rows decoded")


def _value(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (PsrebindError, IndexError):
        # The query's own check has told it.
        return None


def _host(host: Host | None, reply: Reply) -> Iterator[Check]:
    if host is None:
        return
    yield Check("the host names itself and its Windows", bool(host.name and host.build), host.build)
    lacks = "; ".join(host.lacks)
    yield Check("the host lacks nothing", None if lacks else True, lacks or "nothing")
    if reply.language_mode == "FullLanguage":
        yield Check("Constrained Language", None, "does not apply: the session has Full Language")


def _certificates(bodies: Mapping[type, Body]) -> Iterator[Check]:
    found = _value(lambda: GetCertificate().result(bodies[GetCertificate]))
    if found is None:
        return
    broken = [one.reason for one in found if isinstance(one, UnreadableCertificate)]
    seen = f"{len(found) - len(broken)} of {len(found)}"
    ok = None if broken else True
    yield Check(
        "certificates decode, their thumbprints match", ok, "; ".join([seen, *sorted(set(broken))])
    )


def _bindings(
    bindings: IisBindings | None, blobs: Sequence[CertificateBlob], address: str
) -> Iterator[Check]:
    if bindings is None:
        return
    every = bindings.bindings
    held = [one.record for one in every if one.record]
    troubles = Counter(problem for one in every for problem in one.problems)
    seen = f"{len(held)} of {len(every)}; {len(bindings.orphan_records)} records of no binding"
    yield Check("bindings find their records", True if len(held) == len(every) else None, seen)
    for problem, count in troubles.items():
        yield Check("a binding's problem", None, f"{count} times: {problem}")
    stores = {(one.store.casefold(), one.thumbprint.upper()) for one in blobs}
    wanted = [((one.store or "My").casefold(), one.thumbprint) for one in held if one.thumbprint]
    there = sum(one in stores for one in wanted)
    ok = True if there == len(wanted) else None
    yield Check("records' certificates are in their stores", ok, f"{there} of {len(wanted)}")
    bound = [one for one in every if one.thumbprint]
    served = handshakes([service(one.service).endpoint(one, address) for one in bound], timeout=3.0)
    reached = [(b, s) for b, s in zip(bound, served, strict=True) if s.thumbprint]
    same = sum(binding.thumbprint == seen_there.thumbprint for binding, seen_there in reached)
    text = f"{same} of {len(reached)} reached, {len(bound) - len(reached)} not reached from here"
    yield Check("clients meet the bound certificates", True if same == len(reached) else None, text)


def _events(bodies: Mapping[type, Body], answers: Answers) -> Iterator[Check]:
    rows = _value(lambda: GetLifecycleEvent().rows(bodies[GetLifecycleEvent]))
    found = _value(lambda: GetLifecycleEvent().result(bodies[GetLifecycleEvent]))
    if rows is None or found is None:
        return
    for row in rows:
        state = {True: "on", False: "off", None: "not there"}[row.enabled]
        oldest = row.oldest.date().isoformat() if row.oldest else "never"
        text = f"{state}, {row.records or 0} events, back to {oldest}"
        yield Check(row.channel, True if row.enabled else None, text)
    broken = sorted({one.reason for one in found if isinstance(one, UnreadableEvent)})
    count = sum(isinstance(one, LifecycleEvent) for one in found)
    ok = None if broken else True
    yield Check("events decode", ok, "; ".join([f"{count} events", *broken]))
    settle_replacements([one for one in found if isinstance(one, LifecycleEvent)], answers)


def _task(bodies: Mapping[type, Body]) -> Iterator[Check]:
    rows = _value(lambda: GetRebindTask().rows(bodies[GetRebindTask]))
    if not rows:
        return
    found = [one for one in rows[0].tasks if (one.path, one.name) == (TASK_PATH, TASK_NAME)]
    others = len(rows[0].tasks) - len(found)
    seen = f"not there; {others} other tasks wait for its events"
    if found:
        odd = _value(lambda: differences(found[0].xml))
        words = "unreadable" if odd is None else "; ".join(map(str, odd)) or "IIS Manager's own"
        seen = f"{found[0].state}, {words}; {others} other tasks wait for its events"
    yield Check(f"the task {TASK_NAME}", True, seen)
