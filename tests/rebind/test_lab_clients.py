"""What clients meet during a rebind: they knock every 10 ms, at every binding."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from labs import connect, leave_out_site, prepared, swap

from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.handshake import handshake
from psrebind.rebind.options import RebindOptions
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.run import Method, apply
from psrebind.services.steps import Endpoint

PERIOD = 0.01


@dataclass
class Client:
    """A client of one binding: the certificates that it met, None for a failed handshake."""

    place: Endpoint
    met: list[str | None] = field(default_factory=list)

    def knock(self) -> None:
        """Make one handshake."""
        self.met.append(handshake(self.place).thumbprint)


@contextmanager
def polling(places: Sequence[Endpoint]) -> Iterator[list[Client]]:
    """Clients that have knocked once at the beginning, and knock once more at the end."""
    clients = [Client(place) for place in places]
    ready, over = threading.Barrier(len(clients) + 1), threading.Event()

    def work(client: Client) -> None:
        client.knock()
        ready.wait(20)
        last = False
        while not last:
            last = over.wait(PERIOD)
            client.knock()

    threads = [threading.Thread(target=work, args=(one,), daemon=True) for one in clients]
    for thread in threads:
        thread.start()
    try:
        ready.wait(20)
        yield clients
    finally:
        over.set()
        for thread in threads:
            thread.join(20)


def watched(lab: Lab, name: str, folder: Path, method: Method) -> list[Client]:
    """Rebind a host under the eyes of a client of each binding, and give the clients."""
    with connect(lab, name) as session:
        plan = prepared(lab, name, session, method)
        with polling([check.endpoint for check in plan.checks]) as clients:
            found = apply(ScriptRunner(session), plan, RebindOptions(before_folder=folder))
    assert found.outcome in (Outcome.CHANGED, Outcome.REFUSED)
    assert all(step.changed and not step.failed for step in found.steps)
    return clients


@pytest.mark.parametrize(
    ("name", "method"),
    [("web01", Method.BINDING), ("web02", Method.APPCMD), ("web03", Method.BINDING)],
)
def test_no_handshake_fails(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, name: str, method: Method
) -> None:
    """Each client meets the old certificate, then the new one, and never nothing."""
    if name == "web01":
        leave_out_site(hosts[name], "Legacy")
    waiting = swap(lab, name)
    clients = watched(lab, name, tmp_path, method)
    assert len(clients) == {"web01": 3, "web02": 3, "web03": 2}[name]
    for client in clients:
        assert None not in client.met
        assert (client.met[0], client.met[-1]) == (waiting.old, waiting.new)
        assert client.met == sorted(client.met, key=(waiting.old, waiting.new).index)


@pytest.mark.parametrize(
    ("method", "assumption"),
    [
        (Method.BINDING, "add_ssl_certificate_deletes_first"),
        (Method.APPCMD, "rebind_ssl_certificate_deletes_first"),
    ],
)
def test_a_windows_that_deletes_first_shows(
    lab: Lab, hosts: dict[str, LabHost], tmp_path: Path, method: Method, assumption: str
) -> None:
    """The clients above would see a gap: where Windows deletes first, their handshakes fail."""
    waiting = swap(lab, "web02")
    assume(hosts["web02"].host, assumption, True)
    # Longer than a handshake takes on a busy machine: some client must fall into it.
    assume(hosts["web02"].host, "gap_milliseconds", 400)
    clients = watched(lab, "web02", tmp_path, method)
    assert all(None in client.met for client in clients)
    assert all((c.met[0], c.met[-1]) == (waiting.old, waiting.new) for c in clients)
