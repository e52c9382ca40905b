"""Turn Windows' own Certificate Rebind on: python enabled_tasks.py INVENTORY TARGET

Run twice, it changes once; hosts where the task would be a danger are skipped with the reason.
"""

import os
import sys

from psrebind import Fleet
from psrebind.model import Secret


def main(inventory: str, target: str) -> None:
    """Register the task on all hosts, as many at a time as the fleet has forks."""
    password = Secret(os.environ["PSREBIND_PASSWORD"])
    fleet = Fleet.from_inventory(inventory, target, password=password)
    for result in fleet.enable_task():
        if result.value is None:
            print(result.host.name, result.problem, file=sys.stderr)
            continue
        print(result.host.name, result.value.line.outcome, *result.value.sentences, sep="; ")


if __name__ == "__main__":
    main(*sys.argv[1:])
