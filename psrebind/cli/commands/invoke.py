"""The command invoke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psrebind import operations as known
from psrebind.cli.consent import Consent
from psrebind.cli.options import (
    BeforeFolder,
    Connection,
    OperationName,
    Parameters,
    Target,
    Yes,
)
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import Rows
from psrebind.cli.run import Request, run_on_hosts

if TYPE_CHECKING:
    from psrebind.rebind.invoke import InvokeResult


@dataclass(frozen=True, kw_only=True)
class InvokeFlags(BeforeFolder):
    """What may be said of one invocation beside the host and the operation."""

    yes: Yes = False


def invoke(
    operation: OperationName,
    target: Target,
    connection: Connection,
    flags: InvokeFlags,
    parameters: Parameters = None,
) -> int:
    """Run one operation on hosts and print its rows."""
    asked = known.parse_parameters(known.operation(operation), parameters or [])
    return run_on_hosts(
        Request(target, connection, flags, flags.format),
        lambda fleet: fleet.invoke(asked, flags.before_folder),
        _present,
        consent=None if asked.effect == "query" else Consent(f"{asked} on", flags.yes),
    )


def _present(result: InvokeResult, rows: Rows) -> int:
    rows.show(result.rows)
    for problem in result.problems:
        tell(f"{rows.host}: {problem}")
    return result.exit_status
