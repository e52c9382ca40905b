"""How operations are sent to one host: rendered once, as one pipeline, their errors explained."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from psrebind.errors import ConnectError, HostError, ReplyError
from psrebind.operations.base import Operation, render
from psrebind.operations.remedy import add_remedy
from psrebind.replies import Body, Reply
from psrebind.script import Script
from psrebind.sessions.base import (
    CHANGING,
    NOTICE,
    READING,
    STAGE,
    Limits,
    OnStream,
    Session,
    StreamRecord,
)
from psrebind.templates import Library

Decoded = TypeVar("Decoded")
# No command asks one host for more scripts than these.
_KEPT = 8


class Renderer:
    """Renders operations with the templates of one library.

    A fleet asks every host the same: its hosts share a renderer, which renders that once.
    """

    def __init__(self, library: Library | None = None) -> None:
        self._library = library or Library()
        self._kept = lru_cache(maxsize=_KEPT)(self._rendered)
        self._lock = Lock()

    def script(self, operations: Sequence[Operation[Any]]) -> Script:
        """The one script of several operations."""
        asked = tuple(operations)
        try:
            hash(asked)
        except TypeError:
            # It has values of one host in it, of whatever type: True equals 1 there.
            return self._rendered(asked)
        with self._lock:
            return self._kept(asked)

    def _rendered(self, asked: tuple[Operation[Any], ...]) -> Script:
        return render(asked, self._library)


@dataclass(frozen=True)
class ScriptRunner:
    """Sends operations to one host.

    ``name`` is what the inventory calls it, and ``address`` where its clients connect to;
    ``limits`` are those of everything that is done on it. ``on_stream`` hears the host's streams,
    the notices and the stages.
    """

    session: Session
    name: str = ""
    address: str = ""
    renderer: Renderer = field(default_factory=Renderer)
    limits: Limits = field(default_factory=Limits)
    on_stream: OnStream | None = None

    @property
    def host(self) -> str:
        """The host as it is reached."""
        return self.session.host

    def run(self, operations: Sequence[Operation[Any]]) -> Reply:
        """Send several operations as one pipeline and give the reply.

        Errors have their place in the template and what to do about them; the bodies' warnings
        go to the streams.
        """
        changes = any(one.effect == "change" for one in operations)
        self.enter(CHANGING if changes else READING)
        script = self.renderer.script(operations)
        reply = self.session.invoke(script, limits=self.limits, on_stream=self.on_stream)
        self.enter("")
        asked = [operation.name() for operation in operations]
        if [body.operation for body in reply.bodies] != asked:
            raise ReplyError(f"{self.host} answered other operations than {', '.join(asked)}")
        for body in reply.bodies:
            if error := body.error:
                if found := re.fullmatch(r"line (\d+)", error.place):
                    error.place = script.place(int(found[1]))
                add_remedy(error)
            for warning in body.warnings:
                self.tell("warning", f"{body.operation}: {warning}")
        return reply

    def row(self, operation: Operation[Any]) -> Any:
        """The one row of an operation that promises one; raises what the host met."""
        (body,) = self.run([operation]).bodies
        return operation.row(body)

    def read(self, decode: Callable[[Body], Decoded], body: Body, what: str) -> Decoded | None:
        """What a body says; None, and a notice, where the host could not read it."""
        try:
            return decode(body)
        except HostError as error:
            self.notice(f"{what} could not be read: {error}")
            return None

    def enter(self, stage: str) -> None:
        """Tell what is done now, for whoever waits."""
        self.tell(STAGE, stage)

    def notice(self, sentence: str) -> None:
        """Tell a person something about this host."""
        self.tell(NOTICE, sentence)

    def tell(self, stream: str, text: str) -> None:
        """Tell whoever hears the streams."""
        if self.on_stream:
            self.on_stream(StreamRecord(stream, text))

    def require_time(self) -> None:
        """Raise ConnectError before a change that would not be sent any more."""
        if reason := self.limits.reached:
            raise ConnectError(self.name or self.host, f"{reason} before a change was sent")


def run(
    operations: Sequence[Operation[Any]],
    session: Session,
    *,
    library: Library | None = None,
    limits: Limits | None = None,
    on_stream: OnStream | None = None,
) -> Reply:
    """Send several operations to one host as one script, and give its reply."""
    runner = ScriptRunner(
        session, renderer=Renderer(library), limits=limits or Limits(), on_stream=on_stream
    )
    return runner.run(operations)
