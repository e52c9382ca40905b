"""The public API for many hosts: what it takes, what it gives, and the examples of it."""

from __future__ import annotations

import dataclasses
import runpy
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from labs import restored, running, shells_left

from psrebind import Fleet
from psrebind.errors import ConnectError, InvalidInput
from psrebind.fleet.host import Account, FleetHost
from psrebind.fleet.runner import Result
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage.lab import Lab
from psrebind.model import Secret
from psrebind.operations.get_host import GetHost
from psrebind.sessions.credentials import Credential
from psrebind.sessions.local import LocalSession

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Six hosts without PowerShell."""
    names = [f"web{number:02}" for number in range(1, 7)]
    with running(tmp_path_factory.mktemp("lab"), None, names=names) as lab:
        yield lab


@pytest.fixture
def inventory(lab: Lab, tmp_path: Path) -> Path:
    """The hosts in a file, with their user."""
    path = tmp_path / "hosts.csv"
    lines = [f"{name},{host.address},{lab.user}\n" for name, host in lab.hosts.items()]
    path.write_text("".join(["name,address,user\n", *lines]), "utf-8")
    return path


def example(name: str, *words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that an example prints."""
    runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](*words)
    return capsys.readouterr().out.splitlines()


def test_each_host_answers(lab: Lab, inventory: Path) -> None:
    """Every host of the inventory has its reply, and no shell stays open."""
    fleet = Fleet.from_inventory(inventory, password=Secret(lab.password))
    question = GetHost()
    names = {
        result.host.name: question.host(result.value, result.value.bodies[0]).name
        for result in fleet.run([question])
        if result.value
    }
    assert names == {name: name for name in lab.hosts}
    assert [shells_left(host) for host in lab.hosts.values()] == [0] * 6


def test_hosts_that_hang_do_not_hold_up_the_others(lab: Lab, inventory: Path) -> None:
    """The first hosts of the inventory accept connections and say nothing: the last ones answer."""
    hanging = [lab.hosts[f"web{number:02}"] for number in range(1, 5)]
    for host in hanging:
        host.faults.arm(NetworkFault.HANG, times=None)
    fleet = Fleet.from_inventory(inventory, password=Secret(lab.password))
    try:
        results = list(dataclasses.replace(fleet, seconds=5).run([GetHost()]))
    finally:
        for host in hanging:
            host.faults.disarm()
    assert {result.host.name for result in results[:2] if result.value} == {"web05", "web06"}
    assert all(isinstance(result.error, ConnectError) for result in results[2:])


def test_this_machine_needs_no_password() -> None:
    """`localhost` is a local session, which shares its credential with nobody."""
    (host,) = Fleet.of(["localhost"]).hosts
    assert host.credential is None
    assert isinstance(host.session(), LocalSession)


def test_an_account_shows_no_password() -> None:
    """Hosts share an account by user and password, and its text tells neither password nor hash."""
    one, same, other = (
        Account.of(Credential(user, Secret(password)))
        for user, password in (("Admin", "pumpkin"), ("admin", "pumpkin"), ("admin", "other"))
    )
    assert one == same != other
    assert "pumpkin" not in repr(one)
    assert repr(one) == "Account(username='admin')"


@pytest.mark.parametrize(
    ("names", "settings", "reason"),
    [
        (["web01"], {"user": "admin"}, "a password is needed"),
        (["web01"], {"auth": "ntlm"}, "ntlm needs a user name and a password"),
        (["web*"], {}, "chooses from an inventory"),
        (["web01"], {"auth": "basic"}, "in the clear"),
    ],
)
def test_input_is_checked_before_any_host_is_asked(
    names: list[str], settings: dict[str, str], reason: str
) -> None:
    """What cannot work is refused when the fleet is made."""
    with pytest.raises(InvalidInput, match=reason):
        Fleet.of(names, **settings)


@pytest.mark.skipif(find_spec("requests_credssp") is not None, reason="CredSSP is installed")
def test_one_host_without_its_library_stops_all_before_they_are_asked(tmp_path: Path) -> None:
    """What only one host's way to log on needs is said when the fleet is made."""
    path = tmp_path / "hosts.ini"
    path.write_text("web01\nweb02 ansible_psrp_auth=credssp\n[all:vars]\nansible_user=x\n", "ascii")
    with pytest.raises(InvalidInput, match=r"web02: credssp needs .* 'psrebind\[credssp\]'"):
        Fleet.from_inventory(path, password=Secret("y"))


def test_a_fleet_is_a_value(lab: Lab, inventory: Path) -> None:
    """Forks and seconds are exchanged as in any dataclass, and the password is in no text of it."""
    fleet = Fleet.from_inventory(inventory, "web01", password=Secret(lab.password))
    changed = dataclasses.replace(fleet, forks=3, seconds=5)
    assert (changed.forks, changed.hosts) == (3, fleet.hosts)
    assert lab.password not in repr(fleet)


def test_the_package_stays_light() -> None:
    """Importing psrebind imports nothing of the fleet; asking for Fleet does."""
    script = (
        "import sys, psrebind; light = 'psrebind.fleet' in sys.modules; psrebind.Fleet; "
        "print(light, 'psrebind.fleet' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.split() == ["False", "True"]


def test_the_example_of_bindings(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints the bindings of each host that it names."""
    monkeypatch.setenv("PSREBIND_PASSWORD", lab.password)
    addresses = [lab.hosts[name].address for name in ("web01", "web02")]
    lines = example("bindings_of_some_hosts", lab.user, *addresses, capsys=capsys)
    assert {line.split()[0] for line in lines} == set(addresses)
    assert len([line for line in lines if lab.scenario.summary[0].old in line]) == 4


@pytest.mark.parametrize("name", ["bindings_of_some_hosts", "expiring_certificates"])
def test_an_example_does_not_hide_a_failure(
    name: str,
    lab: Lab,
    inventory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A host that refuses the password is named, and not left out as if it had nothing."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "wrong")
    words = {
        "bindings_of_some_hosts": (lab.user, lab.hosts["web01"].address),
        "expiring_certificates": (str(inventory), "web01", "40"),
    }
    runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](*words[name])
    assert "refused the credential" in capsys.readouterr().err


def test_a_problem_is_told_in_words() -> None:
    """A value is no problem; an error, a bug and a host that was never tried are."""
    host = FleetHost("web01")
    assert Result(host, 1).problem is None
    assert Result(host, error=InvalidInput("no")).problem == "no"
    assert "bug" in (Result(host, bug="Traceback").problem or "")
    assert Result(host, began=False).problem == "not tried"


def test_the_example_of_expiring_certificates(
    lab: Lab, inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old certificates end within a month, the new ones do not."""
    monkeypatch.setenv("PSREBIND_PASSWORD", lab.password)
    lines = example("expiring_certificates", str(inventory), "web01", "40", capsys=capsys)
    swap = lab.scenario.summary[0]
    assert any(swap.old in line for line in lines)
    assert not any(swap.new in line for line in lines)


def test_the_example_of_a_plan(
    lab: Lab, inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It plans on all hosts, and only one has something to change."""
    monkeypatch.setenv("PSREBIND_PASSWORD", lab.password)
    swap = lab.scenario.summary[0]
    lines = example("rebind_plan", str(inventory), swap.old, swap.new, capsys=capsys)
    assert len(lines) == 6
    assert "web01 3 bindings to change" in lines
    assert sum("0 bindings" in line for line in lines) == 5


def test_the_example_of_own_work(
    lab: Lab, inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says of every host what it is and how many tasks it has."""
    monkeypatch.setenv("PSREBIND_PASSWORD", lab.password)
    lines = example("work_of_your_own", str(inventory), capsys=capsys)
    assert len(lines) == 6
    assert all("Windows Server" in line and "follow renewals" in line for line in lines)


def test_the_example_of_enabled_tasks(
    lab: Lab, inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run twice, it changes once."""
    monkeypatch.setenv("PSREBIND_PASSWORD", lab.password)
    with restored(lab.hosts["web02"]):
        for outcome in ("changed", "unchanged"):
            (line,) = example("enabled_tasks", str(inventory), "web02", capsys=capsys)
            assert line.split("; ")[:2] == ["web02", outcome]
