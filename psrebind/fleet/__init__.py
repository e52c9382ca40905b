"""Many hosts: inventories, selection, credentials, what is done on them, and what became of it.

Loaded when it is first asked for: help and completion need none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet as Fleet
    from psrebind.fleet.inventory.file import read_inventory as read_inventory
    from psrebind.fleet.selection import names_one as names_one
    from psrebind.fleet.selection import read_terms as read_terms
    from psrebind.fleet.selection import select as select
    from psrebind.templates import Library as Library
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "Fleet": "psrebind.fleet.fleet",
            "Library": "psrebind.templates",
            "names_one": "psrebind.fleet.selection",
            "read_inventory": "psrebind.fleet.inventory.file",
            "read_terms": "psrebind.fleet.selection",
            "select": "psrebind.fleet.selection",
        },
    )
