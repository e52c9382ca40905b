"""One measurement: a process of its own that asks hosts once and says what that cost.

Takes an Order as JSON on standard input, gives a Cost on standard output. Both clients have
imported all they need before the clock starts, and run the same script with as many threads.
psrebind looks it up for each host while the clock runs, raw pypsrp has it ready; what the first
rendering costs beyond that, once a run and however many hosts, is a cost of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

OPERATION_SECONDS = 50
READ_SECONDS = 60
IDLE_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who asks which hosts, as whom, how many at a time."""

    client: str
    addresses: list[str]
    user: str
    password: str
    forks: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run over all hosts took: seconds by the processor and by the clock, kilobytes.

    ``first`` is what the first rendering of the script took before that.
    """

    cpu: float
    wall: float
    peak: int
    first: float


@dataclass(frozen=True)
class Place:
    """A host as the fleet's runner wants it."""

    name: str
    credential: str = "lab"


# What asks all hosts, and the seconds that the first script took before that.
Client = tuple[Callable[[], list[str]], float]


def psrebind(order: Order) -> Client:
    """The fleet's runner with one session per host."""
    import psrebind.sessions.worker
    from psrebind.fleet.runner import Runner
    from psrebind.model import Secret
    from psrebind.operations import Renderer, ScriptRunner
    from psrebind.operations.get_host import GetHost
    from psrebind.sessions.base import Limits, Logon, Session
    from psrebind.sessions.credentials import Credential
    from psrebind.sessions.remote import ConnectionOptions, RemoteSession

    assert psrebind.sessions.worker
    credential = Credential(order.user, Secret(order.password))
    question, renderer = GetHost(), Renderer()
    began = time.process_time()
    renderer.script([question])
    first = time.process_time() - began

    def open_session(place: Place, logon: Logon) -> Session:
        return RemoteSession(ConnectionOptions(place.name), credential, logon=logon)

    def asked() -> list[str]:
        def work(session: Session, _: Place, limits: Limits) -> str:
            reply = ScriptRunner(session, renderer, limits).run([question])
            return question.host(reply, reply.bodies[0]).name

        runner = Runner(open_session, work, forks=order.forks)
        results = list(runner.run(Place(address) for address in order.addresses))
        wrong = [result.error or result.bug for result in results if result.value is None]
        if wrong:
            raise RuntimeError(f"{len(wrong)} hosts did not answer, the first: {wrong[0]}")
        return [result.value or "" for result in results]

    return asked, first


def pypsrp(order: Order) -> Client:
    """Raw pypsrp as its README shows it, in a pool of threads."""
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan

    from psrebind.operations import render
    from psrebind.operations.get_host import GetHost

    text = render([GetHost()]).text

    def one(address: str) -> str:
        connection = WSMan(
            address,
            ssl=False,
            auth="negotiate",
            encryption="always",
            username=order.user,
            password=order.password,
            no_proxy=True,
            operation_timeout=OPERATION_SECONDS,
            read_timeout=READ_SECONDS,
        )
        pool = RunspacePool(connection, no_profile=True, idle_timeout=IDLE_SECONDS)
        with connection, pool:
            pipeline = PowerShell(pool)
            pipeline.add_script(text)
            (answer,) = pipeline.invoke()
            return str(json.loads(answer)["bodies"][0]["rows"][0]["name"])

    def asked() -> list[str]:
        with ThreadPoolExecutor(order.forks) as threads:
            return list(threads.map(one, order.addresses))

    return asked, 0.0


CLIENTS = {"psrebind": psrebind, "pypsrp": pypsrp}


def peak() -> int:
    """The most memory that this process ever held, in kilobytes."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def cost(client: Client, hosts: int) -> Cost:
    """Run once, and measure that."""
    asked, first = client
    wall, cpu = time.perf_counter(), time.process_time()
    answers = asked()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if len(set(answers)) != hosts:
        raise RuntimeError(f"{len(set(answers))} of {hosts} hosts answered")
    return Cost(cpu=cpu, wall=wall, peak=peak(), first=first)


def main() -> None:
    """Carry out the order of standard input."""
    order = Order(**json.load(sys.stdin))
    found = cost(CLIENTS[order.client](order), len(order.addresses))
    json.dump(asdict(found), sys.stdout)


if __name__ == "__main__":
    main()
