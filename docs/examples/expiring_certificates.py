"""Print what expires within some days: python expiring_certificates.py INVENTORY TARGET DAYS

The inventory says how the hosts are reached and as whom; the password is in PSREBIND_PASSWORD.
"""

import dataclasses
import os
import sys
from datetime import UTC, datetime, timedelta

from psrebind import Fleet
from psrebind.model import Certificate, Secret
from psrebind.operations.get_certificate import GetCertificate


def main(inventory: str, target: str, days: str) -> None:
    """Ask five hosts at a time, and wait for none longer than a minute."""
    fleet = Fleet.from_inventory(
        inventory, target, password=Secret(os.environ["PSREBIND_PASSWORD"])
    )
    question, end = GetCertificate(), datetime.now(UTC) + timedelta(days=int(days))
    for result in dataclasses.replace(fleet, forks=5, seconds=60).run([question]):
        if result.value is None:
            # Silence would read as "nothing expires there".
            print(result.host.name, result.problem, file=sys.stderr)
            continue
        for one in question.result(result.value.bodies[0]):
            if isinstance(one, Certificate) and one.not_after < end:
                print(f"{one.not_after:%Y-%m-%d}", result.host.name, one.thumbprint)


if __name__ == "__main__":
    main(*sys.argv[1:])
