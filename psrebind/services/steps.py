"""What a plan is made of, and what a service says of the answers to it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psrebind.model import Place, Renewal, Thumbprint
from psrebind.operations.base import Change, Operation
from psrebind.services.rules import Rule


@dataclass(frozen=True)
class Endpoint:
    """Where a client of a place knocks, and the name it asks for (SNI), if any."""

    address: str
    port: int
    server_name: str | None


@dataclass(frozen=True)
class Shadow:
    """Something named that may answer at an endpoint in a place's stead."""

    name: str
    endpoint: Endpoint


@dataclass(frozen=True)
class Step:
    """Places that change together, and the change; ``target`` names what changes on the host.

    ``state`` is what their service keeps beside the places, as it shall be. ``repair`` says what
    an earlier change left undone; ``before`` is None where that was everything.
    """

    service: str
    places: tuple[Place, ...]
    target: str
    before: Thumbprint | None
    after: Thumbprint
    store: str
    operation: Change[Any]
    renewal: Renewal
    state: Any = None
    repair: str | None = None


@dataclass(frozen=True)
class Order:
    """One change to send, and the steps that it carries out."""

    operation: Change[Any]
    steps: tuple[Step, ...]

    @property
    def service(self) -> str:
        """The service of its steps."""
        return self.steps[0].service


@dataclass(frozen=True)
class Judgement:
    """What a step came to by its answer; ``error`` and ``lost`` are empty for a success.

    ``remark`` is what the command said beside the steps that it did.
    """

    step: Step
    changed: bool = False
    lost: tuple[str, ...] = ()
    error: str | None = None
    remark: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A place that is left alone, the rule, and one sentence with what to do."""

    place: Place
    rule: Rule
    reason: str


@dataclass(frozen=True)
class Skipped:
    """A place that the method would pass over in silence, and why."""

    place: Place
    reason: str


@dataclass(frozen=True)
class Note:
    """Something a person should know that refuses nothing; about one place, or the host.

    A lasting one is true after a success, too.
    """

    text: str
    place: Place | None = None
    lasting: bool = False


@dataclass(frozen=True)
class Plan:
    """What shall be done on one host; ``done`` are the places that have the new certificate."""

    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    done: tuple[Place, ...] = ()
    notes: tuple[Note, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    orders: tuple[Order, ...] = ()

    @property
    def changing(self) -> tuple[Place, ...]:
        """The places that get the new certificate."""
        return tuple(place for step in self.steps for place in step.places)

    @property
    def operations(self) -> tuple[Operation[Any], ...]:
        """What is sent."""
        return tuple(order.operation for order in self.orders)


@dataclass(frozen=True)
class Kept:
    """A state before a change of ours; ``ended`` where that change is known to have succeeded."""

    state: Any
    renewal: Renewal
    written: datetime
    ended: bool = False

    @property
    def time(self) -> str:
        """When it was written, for a sentence."""
        return f"{self.written:%Y-%m-%d %H:%M} UTC"


# The newest state before of each thing that a service changes, by its name and its key of it.
History = Mapping[tuple[str, Hashable], Kept]
NO_HISTORY: History = {}
