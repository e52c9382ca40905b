"""Plan a rebind on many hosts: python rebind_plan.py INVENTORY OLD NEW

It counts what would change, and changes nothing; ``fleet.rebind(old, new)`` does.
"""

import os
import sys

from psrebind import Fleet
from psrebind.model import Secret


def main(inventory: str, old: str, new: str) -> None:
    """Plan on every host and change nothing."""
    password = Secret(os.environ["PSREBIND_PASSWORD"])
    fleet = Fleet.from_inventory(inventory, password=password)
    for result in fleet.plan_rebind(old, new):
        count = result.value.count if result.value else 0
        print(result.host.name, result.problem or f"{count} bindings to change")


if __name__ == "__main__":
    main(*sys.argv[1:])
