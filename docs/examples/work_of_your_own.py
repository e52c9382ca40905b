"""Do work of one's own on many hosts: python work_of_your_own.py INVENTORY OLD NEW

Counts the bindings that a rebind would change; it changes none.
"""

import os
import sys

from psrebind import Fleet
from psrebind.fleet.fleet import FleetHost
from psrebind.model import Renewal, Secret, Thumbprint
from psrebind.rebind.observe import Sending
from psrebind.rebind.run import prepare
from psrebind.sessions.base import Limits, Session


def main(inventory: str, old: str, new: str) -> None:
    """Plan on every host in a thread of its own."""
    renewal = Renewal(Thumbprint(old), Thumbprint(new))

    def planned(session: Session, host: FleetHost, limits: Limits) -> int:
        found = prepare(session, renewal, address=host.address, sending=Sending(limits=limits))
        return sum(len(step.places) for step in found.plan.steps)

    password = Secret(os.environ["PSREBIND_PASSWORD"])
    for result in Fleet.from_inventory(inventory, password=password).each(planned):
        print(result.host.name, result.problem or f"{result.value} bindings to change")


if __name__ == "__main__":
    main(*sys.argv[1:])
