"""The command hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.cli.options import Connection, Output, Source, Target
from psrebind.cli.output.binding import host_row
from psrebind.cli.output.rows import Rows
from psrebind.cli.run import Request, run_on_hosts

if TYPE_CHECKING:
    from psrebind.operations.get_host import Host


def hosts(target: Target, connection: Connection, source: Source, output: Output) -> int:
    """Show what hosts are, and what they lack for psrebind."""
    request = Request(target, connection, source, output.format)
    return run_on_hosts(request, lambda fleet: fleet.facts(), _present)


def _present(found: Host, rows: Rows) -> int:
    rows.show([found], short=None if rows.single else host_row)
    return 0
