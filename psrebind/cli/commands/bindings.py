"""The command bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.options import Connection, Output, Source, Target
from psrebind.cli.output.appearance import Word
from psrebind.cli.output.binding import binding_row, rank_row, wide_binding_row
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import Rows
from psrebind.cli.output.safe_stream import is_output_lost
from psrebind.cli.run import Request, run_on_hosts
from psrebind.problems import ProblemKind, explain_problems, rank_problems

if TYPE_CHECKING:
    from psrebind.services.iis_bindings import BindingLine


def bindings(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    sort: Annotated[
        bool, Option("--sort", help="The worst first: by problem, then by days left.")
    ] = False,
) -> int:
    """List the HTTPS bindings of the hosts' IIS sites, their certificates and what is odd."""
    kinds: set[ProblemKind] = set()

    def present(lines: Sequence[BindingLine], rows: Rows) -> int:
        kinds.update(kind for line in lines for kind in line.kinds)
        rows.show(
            sorted(lines, key=lambda line: rank_problems(line.kinds, line.days_left))
            if sort
            else lines,
            short=wide_binding_row if output.wide else binding_row,
        )
        if not lines and rows.form == "table":
            tell(f"{rows.host}: no HTTPS binding")
        return 0

    order = rank_row if sort else None
    request = Request(target, connection, source, output.format, order)
    status = run_on_hosts(request, lambda fleet: fleet.bindings(), present)
    if output.format == "table" and not is_output_lost():
        for kind, meaning in explain_problems(kinds, target):
            tell(Word(kind), f": {meaning}")
    return status
