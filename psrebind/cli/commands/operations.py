"""The command operations."""

from __future__ import annotations

from psrebind import operations as known
from psrebind.cli.options import Output
from psrebind.cli.output.rows import show


def operations(output: Output) -> int:
    """List what can be asked of one host: each operation with its kind and parameters."""
    lines = [known.OperationLine.of(known.operation(name)) for name in known.names()]
    show(lines, output.format)
    return 0
