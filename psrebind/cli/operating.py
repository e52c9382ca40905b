"""The commands on single operations: operations, render, invoke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source, Yes
from psrebind.cli.rebinding import Keeping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psrebind.cli.asking import Visit
    from psrebind.cli.rows import Rows
    from psrebind.operations.base import Change


def _operation_names(incomplete: str) -> list[str]:
    from psrebind.operations import names

    return [name for name in names() if name.startswith(incomplete)]


@dataclass(frozen=True, kw_only=True)
class Invocation(Keeping):
    """What may be said of one invocation beside the host and the operation."""

    yes: Yes = False


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
    from psrebind.cli.parameters import filled, require_whole

    asked = filled(known.operation(operation), parameters or [])
    require_whole(asked)
    write(known.render([asked], library(source)).text)
    return 0


def invoke(
    operation: OperationName,
    target: Target,
    connection: Connection,
    rest: Invocation,
    parameters: Parameters = None,
) -> int:
    """Run one operation on hosts and print its rows."""
    from psrebind import operations as known
    from psrebind.cli.consent import Consent
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.cli.messages import tell
    from psrebind.cli.parameters import filled
    from psrebind.errors import HostError
    from psrebind.operations.base import Change
    from psrebind.rebind.before_file import write_reading

    asked = filled(known.operation(operation), parameters or [])

    def ask(visit: Visit) -> Sequence[Any]:
        from psrebind.cli.asking import advised
        from psrebind.cli.digits import with_whole

        question = with_whole(asked, visit)
        if isinstance(question, Change):
            keep(visit, question)
        reply = visit.ask([question])
        with advised():
            return question.result(reply.bodies[0])

    def keep(visit: Visit, change: Change[Any]) -> None:
        from psrebind.cli.asking import advised

        (body,) = visit.ask([change.state()]).bodies
        with advised():
            if body.error:
                raise body.error
            path = write_reading(visit.session.host, change, body, folder=rest.before_folder)
        visit.require_time()
        visit.say(f"the state before is in {path}")

    def present(found: Sequence[Any], rows: Rows) -> int:
        rows.show(found)
        if not isinstance(asked, Change):
            return 0
        problems = [problem for row in found if (problem := asked.problem(row))]
        for problem in problems:
            tell(f"{rows.host}: {problem}")
        return HostError.exit_status if problems else 0

    consent = None if asked.effect == "query" else Consent(f"{asked} on", rest.yes)
    return on_hosts(Asked(target, connection, rest, rest.format), ask, present, consent=consent)
