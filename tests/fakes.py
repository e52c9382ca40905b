"""A session whose host is a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from psrebind.replies import Reply
from psrebind.script import Script
from psrebind.sessions.base import Limits, OnStream

Handler = Callable[[Script], Reply]


class FakeSession:
    """Records the scripts it is given, and answers each by a function."""

    def __init__(self, handler: Handler, host: str = "web01") -> None:
        self._handler = handler
        self._host = host
        self.scripts: list[Script] = []

    @property
    def host(self) -> str:
        """The host's name."""
        return self._host

    def open(self, *, limits: Limits | None = None) -> None:
        """Let in."""

    def invoke(
        self, script: Script, *, limits: Limits | None = None, on_stream: OnStream | None = None
    ) -> Reply:
        """Record a script and give the function's answer."""
        self.scripts.append(script)
        return self._handler(script)

    def close(self) -> None:
        """End nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
