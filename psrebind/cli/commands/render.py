"""The command render."""

from __future__ import annotations

from psrebind import fleet as fleets
from psrebind import operations as known
from psrebind.cli.options import OperationName, Parameters, Source
from psrebind.cli.output.values import write


def render(operation: OperationName, source: Source, parameters: Parameters = None) -> int:
    """Print an operation's script as the host would get it; a person can read, sign and run it."""
    asked = known.parse_parameters(known.operation(operation), parameters or [])
    known.require_whole(asked)
    library = fleets.Library([source.templates] if source.templates else [])
    write(library.render([asked.call()]).text)
    return 0
