"""Ask one host one thing and wait: what the commands that only look have in common.

Knows sessions and operations; knows no command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psrebind.cli.messages import tell
from psrebind.cli.opening import library, limits, session
from psrebind.cli.options import Connection
from psrebind.cli.progress import Progress
from psrebind.operations.base import Operation, run
from psrebind.replies import Reply


def ask(target: str, connection: Connection, operations: Sequence[Operation[Any]]) -> Reply:
    """The host's answer to some operations sent as one pipeline; its warnings go to stderr."""
    with (
        session(target, connection) as opened,
        Progress(f"asking {target}", verbose=connection.verbose) as progress,
    ):
        reply = run(
            operations,
            opened,
            library=library(connection),
            limits=limits(connection),
            on_stream=progress.on_stream,
        )
    for body in reply.bodies:
        for warning in body.warnings:
            tell(f"{target}: {body.operation}: {warning}")
    return reply
