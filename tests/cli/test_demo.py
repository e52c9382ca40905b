"""The demo as a person runs it: a process of its own, judged by what its hosts hold afterwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cli.command_line import Command, Ran
from labs import running

from psrebind.cli.demo.picture import Picture, excerpt_lines
from psrebind.cli.demo.stage import Stage
from psrebind.lab.stage import scenario
from psrebind.lab.stage.iis_hosts import CLIENT_CERTIFICATES
from psrebind.lab.stage.overview import overview
from psrebind.lab.windows.certificate_stores import covers, find
from psrebind.lab.windows.host import Host

SECONDS = 170
ENABLED = ("web01", "web02", "web03", "web04", "web06")
HANDSHAKE = re.compile(r"^  (web\d\d)  (\S+) +(\S+) +(?:([0-9A-F]{8})… → )?([0-9A-F]{8})…", re.M)


@dataclass(frozen=True)
class Performed:
    """How one demo ended, and the hosts of the folder that it kept."""

    ran: Ran
    hosts: dict[str, Host]

    def bound(self, host: str) -> dict[str, str]:
        """The certificate of each binding by its site."""
        return {one["site"]: one["thumbprint"] for one in overview(self.hosts[host])["bindings"]}

    def handshakes(self, host: str) -> list[dict[str, tuple[str | None, str]]]:
        """What the clients of a host were served, before and after, each time they knocked."""
        looks: list[dict[str, tuple[str | None, str]]] = []
        for name, _, information, before, now in HANDSHAKE.findall(self.ran.out):
            if name == host:
                if not looks or information in looks[-1]:
                    looks.append({})
                looks[-1][information] = (before or None, now)
        return looks

    def events(self, host: str) -> list[int]:
        """The ids of the events that a host has written, the oldest first."""
        newest = overview(self.hosts[host])["channels"][0]["newest"]
        return [event["id"] for event in reversed(newest)]

    def task(self, host: str) -> dict[str, Any] | None:
        """The one task of a host."""
        tasks = overview(self.hosts[host])["tasks"]
        assert len(tasks) <= 1
        return tasks[0] if tasks else None


@contextmanager
def silence() -> Iterator[int]:
    """A stdin on which nobody ever types: who reads it waits for ever."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def left_over(temporary: Path) -> list[str]:
    """The processes that were given a folder for their temporary files, where /proc tells."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        # Others' processes, and those that end meanwhile.
        with suppress(OSError):
            if f"TMPDIR={temporary}\0".encode() in environment.read_bytes():
                found.append(environment.parent.name)
    return found


def demo(temporary: Path, *options: str, typed: str | None = None) -> Ran:
    """Run the demo to its end, with its temporary files in a folder; no process may be left."""
    command = [sys.executable, "-m", "psrebind", "demo", *options]
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONUTF8": "1"}
    with (
        silence() as nobody,
        subprocess.Popen(
            command,
            stdin=nobody if typed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
            start_new_session=True,
        ) as process,
    ):
        out, err = process.communicate(typed, timeout=SECONDS)
    assert left_over(temporary) == []
    return Ran(process.returncode, out, err)


@pytest.fixture(scope="module", params=["model", pytest.param("pwsh", marks=pytest.mark.engine)])
def performed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Performed:
    """The whole demo on one engine, its lab kept."""
    if request.param == "pwsh":
        request.getfixturevalue("pwsh")
    temporary = tmp_path_factory.mktemp("demo")
    ran = demo(temporary, "--engine", request.param, "--keep")
    assert ran.status == 0, ran.err
    (folder,) = temporary.glob("psrebind-demo-*")
    return Performed(ran, scenario.load(folder).hosts)


def test_the_demo_has_six_hosts_and_enables_the_task_on_five(performed: Performed) -> None:
    """The rebind task is on every host but the one where it would do harm."""
    assert list(performed.hosts) == list(scenario.ALL_NAMES)
    assert sum(len(performed.bound(host)) for host in performed.hosts) >= 21
    assert tuple(host for host in performed.hosts if performed.task(host)) == ENABLED
    for host in ENABLED:
        task = performed.task(host)
        assert task is not None
        assert task["state"] == "Ready"


def test_a_renewal_reaches_every_client_with_no_further_command(performed: Performed) -> None:
    """Of the renewed host all handshakes change, by a run of the task for event 1001."""
    bound, task = performed.bound("web02"), performed.task("web02")
    before, after = performed.handshakes("web02")
    (new,) = set(bound.values())
    assert performed.events("web02") == [1006, 1001, 1005]
    assert task is not None
    assert (task["last_record"], task["last_result"]) == (2, 0)
    assert {one for _, one in after.values()} == {new[:8]}
    assert {old for old, _ in after.values()} == {one for _, one in before.values()} != {new[:8]}
    between = performed.ran.out.split("psrebind lab renew web02")[1].split("As a client sees it")[0]
    assert "$ psrebind" not in between


def test_another_authority_s_certificate_needs_a_notice(performed: Performed) -> None:
    """After the import clients get the old certificate, after the notice the new one."""
    (new,) = set(performed.bound("web04").values())
    first, imported, noticed = performed.handshakes("web04")
    assert [set(one.values()) for one in (first, imported)] == [{(None, old(first))}] * 2
    assert set(noticed.values()) == {(old(first), new[:8])}
    assert performed.events("web04") == [1006, 1001]


def old(look: dict[str, tuple[str | None, str]]) -> str:
    """The one certificate that all clients of a look were served."""
    (found,) = {now for _, now in look.values()}
    return found


def test_a_missed_renewal_is_replayed(performed: Performed) -> None:
    """The host whose task was repaired too late has the certificate of its renewal link."""
    (new,) = set(performed.bound("web06").values())
    certificates = performed.hosts["web06"].state.certificates
    assert {one.renewed_by for one in certificates} == {new, None}
    task = performed.task("web06")
    assert task is not None
    assert task["last_run"] is None


@pytest.mark.parametrize(
    ("host", "sites"), [("web01", ("Legacy",)), ("web05", ("Billing", "Invoices"))]
)
def test_no_binding_loses_its_name(performed: Performed, host: str, sites: tuple[str, ...]) -> None:
    """What appcmd would have broken keeps the old certificate, which has its name."""
    state = performed.hosts[host].state
    for site, thumbprint in performed.bound(host).items():
        certificate = find(state.certificates, "My", thumbprint)
        assert certificate is not None
        assert covers(certificate, f"{site.replace('München', 'xn--mnchen-3ya').lower()}.example")
        assert (certificate.renewed_by is not None) is (site in sites)
    assert "loses-name" in performed.ran.out
    assert f"appcmd, on a copy of {host}:" in performed.ran.out


def test_client_certificate_options_survive(performed: Performed) -> None:
    """The rebound record asks for client certificates as it did before."""
    records = performed.hosts["web01"].state.records
    (record,) = (one for one in records if one.kind == "ipport")
    assert record.thumbprint == performed.bound("web01")["Shop"]
    assert record.options == CLIENT_CERTIFICATES


def test_a_picture_and_pauses(tmp_path: Path) -> None:
    """It waits once between two scenes, draws well-formed SVG, and leaves no folder behind."""
    picture, temporary = tmp_path / "demo.svg", tmp_path / "temporary"
    temporary.mkdir()
    options = ("--engine", "model", "--pause", "--record", str(picture))
    ran = demo(temporary, *options, typed="\n" * 20)
    scenes = re.findall(r"^\d+\. ", ran.out, re.M)
    assert ran.status == 0, ran.err
    assert list(temporary.iterdir()) == []
    assert ran.err.count("-- Enter goes on --") == len(scenes) - 1
    root = ElementTree.parse(picture).getroot()
    drawn = "".join(root.itertext()).replace("\N{NO-BREAK SPACE}", " ")
    assert root.tag.endswith("svg")
    assert "psrebind lab renew web02" in drawn
    assert "loses-name" in drawn
    assert "replay" not in drawn


def test_what_would_be_done_is_shown_first(performed: Performed) -> None:
    """The plan of a rebind stands before the rebind, and changes nothing."""
    plan, *_ = performed.ran.out.split("--dry-run")[1].split("Then the same for real")
    assert "loses-name" in plan
    assert "changed" not in plan.replace("nothing was changed", "")


@pytest.mark.parametrize("place", ["none/demo.svg", "/proc/demo.svg"])
def test_a_picture_needs_a_place(psrebind: Command, tmp_path: Path, place: str) -> None:
    """A picture that could not be written is refused before anything starts."""
    ran = psrebind("demo", "--engine", "model", "--record", str(tmp_path / place))
    assert (ran.status, ran.out) == (5, "")
    assert "cannot be written" in ran.err


def test_the_picture_of_the_readme_is_of_this_demo() -> None:
    """README shows a picture of the scenes and commands that the demo has."""
    folder = Path(__file__).parents[2]
    assert "](docs/demo.svg)" in (folder / "README.md").read_text("utf-8")
    root = ElementTree.parse(folder / "docs" / "demo.svg").getroot()
    drawn = " ".join("".join(root.itertext()).replace("\N{NO-BREAK SPACE}", " ").split())
    for words in ("psrebind task enable", "psrebind lab renew web02", "psrebind notify"):
        assert words in drawn
    assert "loses-name" in drawn
    assert "--dry-run" in drawn


def test_a_line_of_codes_alone_is_not_drawn() -> None:
    """What takes the spinner away leaves no empty line in the picture."""
    picture = Picture()

    def command() -> int:
        print("\r\x1b[2K\u2809 asking\r\x1b[2K\nanswer")
        print("\x1b[?25h\r\x1b[1A\x1b[2K\nmore")
        return 0

    assert picture.capture(command) == (0, "answer\nmore")


def test_what_does_not_come_true_is_a_surprise(tmp_path: Path) -> None:
    """A command that ends otherwise, and a certificate that is not served, are both noted."""
    with running(tmp_path, None) as lab:
        stage, swap = Stage(lab), lab.scenario.summary[0]
        stage.type("lab", "status", "--folder", "/no/such")
        stage.look("web01")
        stage.check_served("web01", {"Shop": swap.old, "Legacy": swap.new})
    assert stage.surprises == [
        "'lab status --folder' ended with 5, and 0 was to come",
        f"web01 *:8443:legacy.example served {swap.old[:8]}…, not {swap.new[:8]}…",
    ]


def test_an_excerpt_shows_its_gaps() -> None:
    """Lines left out stand as one ellipsis; without words nothing is left out."""
    said = "one\ntwo\nthree\nfour\nfive"
    assert excerpt_lines(said, ("two", "four")) == "…\ntwo\n…\nfour\n…"
    assert excerpt_lines(said, ()) == said
