"""Print the HTTPS bindings of some hosts: python bindings_of_some_hosts.py USER HOST...

The password is in the environment variable PSREBIND_PASSWORD.
"""

import os
import sys

from psrebind import Fleet
from psrebind.model import Secret


def main(user: str, *names: str) -> None:
    """Ask all hosts at a time; print each answer as it comes."""
    fleet = Fleet.of(names, user=user, password=Secret(os.environ["PSREBIND_PASSWORD"]))
    for result in fleet.bindings():
        if result.value is None:
            # Not reached, or without IIS.
            print(result.host.name, result.problem, file=sys.stderr)
            continue
        for line in result.value:
            print(result.host.name, line.binding, line.thumbprint, *line.kinds)


if __name__ == "__main__":
    main(*sys.argv[1:])
