"""The way of operations to one host: rendered into one script, sent, and answered by a reply.

``ScriptRunner`` is what commands and rebinds hold of a host; below it is ``Session.invoke`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from psrebind.errors import ConnectError, ReplyError
from psrebind.operations.base import Operation, render
from psrebind.replies import Reply
from psrebind.script import Script
from psrebind.sessions.base import Limits, OnStream, Session, StreamRecord
from psrebind.templates import Library

Row = TypeVar("Row")
# No command asks one host for more scripts than these.
_KEPT = 8
# From what is done ("reading") and whether it changes the host to the time in which a person sees
# it; gives who hears the streams meanwhile.
Presenter = Callable[[str, bool], AbstractContextManager[OnStream]]


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
    """Sends operations to one host, each time as one script.

    ``on_stream`` hears what the host says meanwhile, the bodies' warnings included. A
    ``presenter`` shows a person each wait in its place.
    """

    session: Session
    renderer: Renderer = field(default_factory=Renderer)
    limits: Limits = field(default_factory=Limits)
    on_stream: OnStream | None = None
    presenter: Presenter | None = None
    name: str = ""

    @property
    def host(self) -> str:
        """The host as the user named it: by ``name``, or else as the session does."""
        return self.name or self.session.host

    def run(self, operations: Sequence[Operation[Any]]) -> Reply:
        """Send several operations as one script and give the reply, its errors placed."""
        changes = any(one.effect == "change" for one in operations)
        with self.presented("asking", changes=changes) as runner:
            return runner._run(operations)

    def rows(self, operation: Operation[Row]) -> tuple[Row, ...]:
        """Send one operation alone and give its rows; raises its error."""
        return operation.rows(self.run([operation]).bodies[0])

    @contextmanager
    def presented(self, doing: str, *, changes: bool = False) -> Iterator[ScriptRunner]:
        """This runner while a person sees what is done, if anybody shows it."""
        if self.presenter is None:
            yield self
            return
        with self.presenter(doing, changes) as on_stream:
            yield replace(self, on_stream=on_stream, presenter=None)

    def require_time(self) -> None:
        """Raise before a change that would not be sent any more, and before asking about it."""
        if reason := self.limits.reached:
            raise ConnectError(self.host, f"{reason} before a change was sent")

    def _run(self, operations: Sequence[Operation[Any]]) -> Reply:
        script = self.renderer.script(operations)
        reply = self.session.invoke(script, limits=self.limits, on_stream=self.on_stream)
        asked = [operation.name() for operation in operations]
        if [body.operation for body in reply.bodies] != asked:
            raise ReplyError(f"{self.host} answered other operations than {', '.join(asked)}")
        for body in reply.bodies:
            if body.error and (found := re.fullmatch(r"line (\d+)", body.error.place)):
                body.error.place = script.place(int(found[1]))
        if self.on_stream:
            for body in reply.bodies:
                for warning in body.warnings:
                    self.on_stream(StreamRecord("warning", f"{body.operation}: {warning}"))
        return reply


def run(
    operations: Sequence[Operation[Any]],
    session: Session,
    *,
    library: Library | None = None,
    limits: Limits | None = None,
    on_stream: OnStream | None = None,
) -> Reply:
    """Send several operations to one host as one script, and give its reply."""
    return ScriptRunner(session, Renderer(library), limits or Limits(), on_stream).run(operations)
