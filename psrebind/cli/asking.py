"""Ask one host one thing and wait: what the commands that only look have in common.

Knows sessions and operations; knows no command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psrebind.cli.messages import tell
from psrebind.cli.opening import limits, session
from psrebind.cli.options import Connection
from psrebind.cli.progress import Progress
from psrebind.errors import HostError
from psrebind.operations.base import Operation, run
from psrebind.rebind.observe import explained
from psrebind.replies import Reply
from psrebind.templates import Library


def ask(
    target: str,
    connection: Connection,
    operations: Sequence[Operation[Any]],
    *,
    library: Library | None = None,
) -> Reply:
    """The host's answer to some operations sent as one pipeline; its warnings go to stderr."""
    with (
        session(target, connection) as opened,
        Progress(f"asking {target}", verbose=connection.verbose) as progress,
    ):
        reply = run(
            operations,
            opened,
            library=library,
            limits=limits(connection),
            on_stream=progress.on_stream,
        )
    for body in reply.bodies:
        for warning in body.warnings:
            tell(f"{target}: {body.operation}: {warning}")
    return reply


@contextmanager
def advised() -> Iterator[None]:
    """Let a host's error out with what to do about it."""
    try:
        yield
    except HostError as error:
        raise explained(error) from error
