"""Print the HTTPS bindings of some hosts: python bindings_of_some_hosts.py USER HOST...

The password is in the environment variable PSREBIND_PASSWORD.
"""

import os
import sys

from psrebind import Fleet
from psrebind.errors import HostError
from psrebind.model import Secret
from psrebind.operations.get_iis_binding import GetIisBinding


def main(user: str, *names: str) -> None:
    """Ask all hosts at a time; print each answer as it comes."""
    fleet = Fleet.of(names, user=user, password=Secret(os.environ["PSREBIND_PASSWORD"]))
    question = GetIisBinding()
    for result in fleet.run([question]):
        if result.value is None:
            print(result.host.name, result.problem, file=sys.stderr)
            continue
        try:
            found = question.bindings(result.value.bodies[0])
        except HostError as error:
            # The host ran the script, and said no: without IIS, say.
            print(result.host.name, error, file=sys.stderr)
            continue
        for binding in found.bindings:
            print(result.host.name, binding.information, binding.thumbprint)


if __name__ == "__main__":
    main(*sys.argv[1:])
