"""What a rebind needs to know of one host, read by one script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psrebind.model import Certificate, UnreadableCertificate
from psrebind.operations.base import Operation
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost, Host
from psrebind.operations.remedy import MISSING_MODULE
from psrebind.operations.runner import ScriptRunner
from psrebind.replies import Reply
from psrebind.services import services
from psrebind.services.observation import Observation

_FACTS, _STORES = GetHost(), GetCertificate()


def questions() -> tuple[Operation[Any], ...]:
    """What is asked of a host for a rebind, in one pipeline: its services' places are last."""
    return (_FACTS, _STORES, *(one.query for one in services()))


def observe(runner: ScriptRunner, *, needs_services: bool = True) -> Observation:
    """Read host, certificates and the places of all services in one pipeline; raise what any met.

    A host that needs none of the services has no places of one whose module it lacks.
    """
    return read_observation(runner.run(questions()), needs_services=needs_services)


def read_observation(reply: Reply, *, needs_services: bool = True) -> Observation:
    """The observation in a reply whose first bodies answer the questions."""
    asked = services()
    host_body, store_body, *others = reply.bodies[: len(questions())]
    present = {
        one: body
        for one, body in zip(asked, others, strict=True)
        if needs_services or not (body.error and body.error.error_id.startswith(MISSING_MODULE))
    }
    for body in (host_body, store_body, *present.values()):
        if body.error:
            raise body.error
    found = _STORES.result(store_body)
    return Observation(
        host=_FACTS.host(reply, host_body),
        clock=reply.clock,
        certificates=tuple(one for one in found if isinstance(one, Certificate)),
        unreadable=tuple(one for one in found if isinstance(one, UnreadableCertificate)),
        readings={one.name: one.read(body) for one, body in present.items()},
        stores=_STORES.stores,
    )


def read_facts(runner: ScriptRunner) -> Host:
    """What a host is, and what it lacks for psrebind."""
    reply = runner.run([_FACTS])
    return _FACTS.host(reply, reply.bodies[0])


def read_certificates(
    runner: ScriptRunner, stores: tuple[str, ...]
) -> Sequence[Certificate | UnreadableCertificate]:
    """The certificates of some stores of the machine, archived ones included."""
    question = GetCertificate(stores=stores)
    return question.result(runner.run([question]).bodies[0])
