"""What a person or a program reads: tables, data, messages, progress.

What needs rich is loaded when it is first printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.cli.output.lab import draw_host as draw_host
    from psrebind.cli.output.progress import HostCount as HostCount
    from psrebind.cli.output.progress import Spinner as Spinner
    from psrebind.cli.output.table import Tables as Tables
    from psrebind.fleet.summary import RunSummary as RunSummary
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "draw_host": f"{__name__}.lab",
            "HostCount": f"{__name__}.progress",
            "RunSummary": "psrebind.fleet.summary",
            "Spinner": f"{__name__}.progress",
            "Tables": f"{__name__}.table",
        },
    )
