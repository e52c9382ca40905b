"""The cost of asking many hosts: both clients in turns against one lab, medians.

The lab is a process of its own, and so is each measurement: what is measured is the client alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from client import CLIENTS, Cost, Order

from psrebind.lab.stage import control
from psrebind.lab.stage.lab import Lab

# Away from the lab of a person and from those of the tests.
NETWORK = "127.0.220"
FORKS = 20


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One client's medians over its rounds, for so many hosts; the ratio is to raw pypsrp.

    Of requests it is the mean: they are counted, and one more or less is no outlier.
    """

    engine: str
    hosts: int
    client: str
    cpu_per_host: float
    cpu_ratio: float
    hosts_per_second: float
    requests_per_host: float
    peak_megabytes: float
    first_rendering: float


@dataclass(frozen=True)
class Round:
    """One run of one client."""

    cost: Cost
    requests: int


@contextmanager
def lab(folder: Path, hosts: int, engine: Path | None) -> Iterator[Lab]:
    """A lab that runs in a process of its own for the length of a with block."""
    names = [f"host{number:03}" for number in range(hosts)]
    made = Lab.create(folder, engine, names=names, network=NETWORK)
    control.start(folder, model=engine is None)
    try:
        yield made
    finally:
        control.stop(folder)


def measure(made: Lab, hosts: int, rounds: int) -> list[Measured]:
    """Let both clients ask the first hosts of a lab, in turns; the first turn only warms up."""
    addresses = list(made.scenario.addresses.values())[:hosts]
    turns: list[dict[str, Round]] = []
    for number in range(rounds + 1):
        # Who begins changes, lest one of them always have the quieter moment.
        order = sorted(CLIENTS, reverse=number % 2 == 1)
        turns.append({client: _round(made, client, addresses) for client in order})
    engine = "pwsh" if made.engine else "model"
    return [_medians(engine, hosts, client, turns[1:]) for client in CLIENTS]


def _round(made: Lab, client: str, addresses: Sequence[str]) -> Round:
    order = Order(
        client=client,
        addresses=list(addresses),
        user=made.user,
        password=made.password,
        forks=FORKS,
    )
    before = _requests(made)
    finished = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("client.py"))],
        input=json.dumps(asdict(order)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Round(Cost(**json.loads(finished.stdout)), _requests(made) - before)


def command_peak(made: Lab, hosts: int) -> float:
    """The most memory that the command itself holds for so many hosts, in megabytes."""
    addresses = list(made.scenario.addresses.values())[:hosts]
    inventory = made.folder / f"{hosts}.txt"
    inventory.write_text("\n".join(addresses), "utf-8")
    words = ["bindings", "all", "-i", str(inventory), "-u", made.user, "-f", "jsonl"]
    process = subprocess.Popen(
        [sys.executable, "-m", "psrebind", *words],
        env=os.environ | {"PSREBIND_PASSWORD": made.password},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"psrebind bindings ended with {process.returncode}")
    return used.ru_maxrss / 1024


def _requests(made: Lab) -> int:
    return sum(row["requests"] for row in control.order(made.folder, "status"))


def _medians(engine: str, hosts: int, client: str, turns: Sequence[dict[str, Round]]) -> Measured:
    rounds = [turn[client] for turn in turns]
    return Measured(
        engine=engine,
        hosts=hosts,
        client=client,
        cpu_per_host=statistics.median(one.cost.cpu / hosts for one in rounds),
        # Of each turn, since the machine's pace changes from turn to turn.
        cpu_ratio=statistics.median(
            turn[client].cost.cpu / turn["pypsrp"].cost.cpu for turn in turns
        ),
        hosts_per_second=statistics.median(hosts / one.cost.wall for one in rounds),
        requests_per_host=statistics.fmean(one.requests / hosts for one in rounds),
        peak_megabytes=statistics.median(one.cost.peak / 1024 for one in rounds),
        first_rendering=statistics.median(one.cost.first for one in rounds),
    )
