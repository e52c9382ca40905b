"""--timeout and --host-timeout: one budget for a whole command, handshakes included."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cli.command_line import Command, on_a_terminal
from cli.fifty_hosts import written
from labs import network, rebind_words, records, restored, sent, swap

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.http_sys import Record, RecordKind
from psrebind.lab.windows.state import Binding, HostState, Site

SILENT = f"{network()}.250"
BINDINGS = 128
# Far more than the reading takes before the handshakes, far less than these take without a limit.
SECONDS = "9"


@dataclass(frozen=True)
class Silent:
    """An address that takes connections and says nothing."""

    server: socket.socket

    def connections(self) -> int:
        """How many came; nobody has accepted one of them yet."""
        self.server.setblocking(False)
        count = 0
        with suppress(BlockingIOError):
            while True:
                self.server.accept()[0].close()
                count += 1
        return count


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Where the bindings of the next fixture lead; it holds all who knock."""
    with socket.create_server((SILENT, 0), backlog=2 * BINDINGS) as server:
        yield Silent(server)


@pytest.fixture
def web02(lab: Lab, silent: Silent) -> Iterator[LabHost]:
    """A host with many more bindings, at an address that takes connections and is silent."""
    with restored(lab.hosts["web02"]) as host:
        port = silent.server.getsockname()[1]
        names = [f"site{number:02}.example" for number in range(BINDINGS)]
        record = Record(kind=RecordKind.HOSTNAMEPORT, key="", thumbprint=swap(lab, "web02").old)
        more = tuple(replace(record, store="My", key=f"{name}:{port}") for name in names)
        bound = tuple(
            Binding(protocol="https", information=f"{SILENT}:{port}:{name}", flags=1)
            for name in names
        )

        def change(state: HostState) -> HostState:
            sites = (*state.sites, Site(id=40, name="Silent", bindings=bound))
            return replace(state, sites=sites, records=(*state.records, *more))

        host.host.change(change)
        yield host


def test_the_limit_ends_handshakes_too(
    as_admin: Command, lab: Lab, web02: LabHost, silent: Silent
) -> None:
    """Past the limit no silent binding is knocked at any more, and nothing is changed."""
    before = records(web02)
    ran = as_admin(*rebind_words(lab, web02), "--timeout", SECONDS)
    assert 0 < silent.connections() < BINDINGS
    assert ran.status == 4
    assert f"the time limit of {SECONDS} s has passed before a change was sent" in ran.err
    assert records(web02) == before


@pytest.mark.parametrize("option", ["--timeout", "--host-timeout"])
def test_the_limit_ends_handshakes_of_a_fleet(
    as_admin: Command, lab: Lab, web02: LabHost, silent: Silent, tmp_path: Path, option: str
) -> None:
    """Of many hosts too, each after its own time or all after the command's."""
    path = str(written(tmp_path, {name: host.address for name, host in lab.hosts.items()}, lab))
    words = [word.replace(web02.address, "web*") for word in rebind_words(lab, web02)]
    before = records(web02)
    ran = as_admin(*words, "--yes", "-i", path, option, SECONDS)
    assert 0 < silent.connections() < BINDINGS
    assert ran.status == 4
    assert f"the time limit of {SECONDS} s has passed before a change was sent" in ran.err
    assert records(web02) == before


def test_reading_and_changing_share_one_limit(as_admin: Command, lab: Lab) -> None:
    """What the reading took is missing from the change, whose own reading back comes too late."""
    with restored(lab.hosts["web03"]) as host:
        host.host.faults["iis.bindings"] = {"slow": 10}
        commands = sent(host).count("Command")
        ran = as_admin(*rebind_words(lab, host), "--timeout", "18")
        assert sent(host).count("Command") - commands == 2
    assert ran.status == 6


def test_thinking_takes_no_time(lab: Lab, tmp_path: Path) -> None:
    """A person may think longer than the command may take, and the change is still made."""
    environment = {"PSREBIND_PASSWORD": lab.password, "PSREBIND_BEFORE_FOLDER": str(tmp_path)}
    with restored(lab.hosts["web02"]) as host:
        words = rebind_words(lab, host, "--user", lab.user, "--timeout", "16")
        ran = on_a_terminal(words, environment, b"y\n", thinking=16.5)
    assert ran.status == 0, ran.err
    assert "3 bindings changed" in ran.err
