"""One host that a command looks at: its session, and what a person sees of the waiting.

Knows sessions and operations; knows no command, nor how many hosts there are beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from psrebind.cli.messages import tell
from psrebind.cli.progress import Progress
from psrebind.cli.signals import Patience
from psrebind.errors import ConnectError, HostError
from psrebind.fleet.fleet import FleetHost
from psrebind.operations.base import Operation
from psrebind.rebind.observe import Sending, with_remedy
from psrebind.replies import Reply
from psrebind.sessions.base import Limits, Session, StreamRecord
from psrebind.templates import Library


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A host in the hands of a command; ``alone`` when it was named as the only one.

    ``limits`` are those of everything that is done on it; ``patience`` lets a change of the only
    host come to its end.
    """

    host: FleetHost
    session: Session
    library: Library
    limits: Limits
    alone: bool = True
    verbose: bool = False
    patience: Patience | None = None

    @property
    def name(self) -> str:
        """The host as the user named it."""
        return self.host.name

    @property
    def address(self) -> str:
        """Where the host's clients connect to."""
        return self.host.address

    @contextmanager
    def sending(self, doing: str = "asking", *, changes: bool = False) -> Iterator[Sending]:
        """How scripts are sent, while a person sees what is done."""
        if not self.alone:
            yield Sending(self.library, self.limits, self._heard)
            return
        with ExitStack() as stack:
            if changes and self.patience:
                stack.enter_context(self.patience.changing())
            progress = Progress(f"{doing} {self.name}", self._heard)
            stack.enter_context(progress)
            yield Sending(self.library, self.limits, progress.on_stream)

    def ask(self, operations: Sequence[Operation[Any]]) -> Reply:
        """The answer to operations sent as one pipeline; its warnings go to stderr."""
        changes = any(one.effect == "change" for one in operations)
        with self.sending(changes=changes) as sending:
            return sending.run(operations, self.session)

    def require_time(self) -> None:
        """Raise before a change that would not be sent any more, and before asking about it."""
        if reason := self.limits.reached:
            raise ConnectError(self.name, f"{reason} before a change was sent")

    def say(self, sentence: str) -> None:
        """Tell a person something about this host."""
        tell(f"{self.name}: {sentence}")

    def _heard(self, record: StreamRecord) -> None:
        # A live spinner takes over sys.stderr, so that this line comes to stand above it.
        if record.stream == "warning" or (record.stream == "verbose" and self.verbose):
            self.say(f"{record.stream}: {record.text}")


@contextmanager
def advised() -> Iterator[None]:
    """Let a host's error out with what to do about it."""
    try:
        yield
    except HostError as error:
        raise with_remedy(error) from error
