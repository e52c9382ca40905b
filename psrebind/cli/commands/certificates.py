"""The command certificates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.options import Connection, Output, Source, Target
from psrebind.cli.output.binding import certificate_row
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import Rows
from psrebind.cli.run import Request, run_on_hosts
from psrebind.model import STORES

if TYPE_CHECKING:
    from psrebind.model import Certificate, UnreadableCertificate


def certificates(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    store: Annotated[
        list[str] | None, Option(metavar="NAME", help="Store to read; My and WebHosting if none.")
    ] = None,
) -> int:
    """List the certificates of the hosts' machine stores, archived ones included."""
    stores = tuple(store or STORES)

    def present(found: Sequence[Certificate | UnreadableCertificate], rows: Rows) -> int:
        rows.show(found, short=certificate_row)
        full = {one.store.casefold() for one in found}
        empty = [name for name in stores if name.casefold() not in full]
        # Of stores that nobody named one may well be empty.
        if empty and (store or not found):
            tell(f"{rows.host}: no certificate in {', '.join(empty)}")
        return 0

    request = Request(target, connection, source, output.format)
    return run_on_hosts(request, lambda fleet: fleet.certificates(stores), present)
