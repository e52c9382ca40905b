"""Do work of one's own on many hosts: python work_of_your_own.py INVENTORY

Reads two things of each host in one script, and tells which hosts have no rebind task.
"""

import os
import sys

from psrebind import Fleet
from psrebind.model import Secret
from psrebind.operations import ScriptRunner
from psrebind.operations.get_host import GetHost
from psrebind.operations.get_rebind_task import GetRebindTask


def main(inventory: str) -> None:
    """Ask every host in a thread of its own."""
    facts, tasks = GetHost(), GetRebindTask()

    def work(runner: ScriptRunner) -> str:
        reply = runner.run([facts, tasks])
        host = facts.host(reply, reply.bodies[0])
        found = tasks.row(reply.bodies[1]).tasks
        return f"{host.windows}: {len(found)} tasks that follow renewals"

    password = Secret(os.environ["PSREBIND_PASSWORD"])
    for result in Fleet.from_inventory(inventory, password=password).each(work):
        print(result.host.name, result.problem or result.value)


if __name__ == "__main__":
    main(*sys.argv[1:])
