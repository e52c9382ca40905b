"""The commands on single operations: operations, render, invoke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from typer import Argument, Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source
from psrebind.cli.rebinding import DECLINED


def _operation_names(incomplete: str) -> list[str]:
    from psrebind.operations import names

    return [name for name in names() if name.startswith(incomplete)]


@dataclass(frozen=True, kw_only=True)
class Invocation(Source, Output):
    """What may be said of one invocation beside the host and the operation."""

    yes: Annotated[bool, Option("--yes", "-y", help="Do not ask before a change.")] = False


OperationName = Annotated[
    str,
    Argument(
        metavar="OPERATION", autocompletion=_operation_names, help="As 'psrebind operations' lists."
    ),
]
Parameters = Annotated[
    list[str] | None,
    Argument(metavar="[NAME=VALUE]...", help="Its parameters; a secret as NAME=env:VARIABLE."),
]


def operations(output: Output) -> int:
    """List what can be asked of one host: each operation with its kind and parameters."""
    from psrebind.cli.output import show
    from psrebind.cli.parameters import OperationLine
    from psrebind.operations import names, operation

    show([OperationLine.of(operation(name)) for name in names()], output.format)
    return 0


def render(operation: OperationName, source: Source, parameters: Parameters = None) -> int:
    """Print an operation's script as the host would get it; a person can read, sign and run it."""
    from psrebind import operations as known
    from psrebind.cli.opening import library
    from psrebind.cli.output import write
    from psrebind.cli.parameters import filled

    asked = filled(known.operation(operation), parameters or [])
    write(known.render([asked], library(source)).text)
    return 0


def invoke(
    operation: OperationName,
    target: Target,
    connection: Connection,
    rest: Invocation,
    parameters: Parameters = None,
) -> int:
    """Run one operation on a host and print its rows."""
    from psrebind import operations as known
    from psrebind.cli.asking import advised, ask
    from psrebind.cli.messages import agreed
    from psrebind.cli.opening import library
    from psrebind.cli.output import show
    from psrebind.cli.parameters import filled

    asked = filled(known.operation(operation), parameters or [])
    if asked.effect != "query" and not rest.yes and not agreed(f"{asked} on {target}: go ahead?"):
        return DECLINED
    reply = ask(target, connection, [asked], library=library(rest))
    with advised():
        rows = asked.result(reply.bodies[0])
    show(rows, rest.format)
    return 0
