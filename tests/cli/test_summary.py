"""What went wrong on many hosts, each cause once."""

from __future__ import annotations

import pytest

from psrebind.cli.output.many_hosts import tell_summary
from psrebind.errors import ConnectError, PsrebindError, ScriptError
from psrebind.fleet.host import FleetHost
from psrebind.fleet.runner import Result
from psrebind.fleet.summary import RunSummary
from psrebind.operations.remedy import add_remedy
from psrebind.sessions.remote import ConnectionOptions


def host(name: str, address: str | None = None) -> FleetHost:
    """A host as it is reached."""
    return FleetHost(name, ConnectionOptions(name, address=address))


def told(capsys: pytest.CaptureFixture[str], *errors: tuple[FleetHost, PsrebindError]) -> list[str]:
    """The lines on hosts that failed so, without the sum."""
    summary = RunSummary(len(errors))
    for one, error in errors:
        summary.count_failure(Result(one, error=error))
    capsys.readouterr()
    tell_summary(summary, 0)
    return capsys.readouterr().err.splitlines()[:-1]


def test_names_are_whole_words(capsys: pytest.CaptureFixture[str]) -> None:
    """A host whose name is a word, or a piece of one, failed of the same as the others."""
    names = ("a", "b", "port", "web01")
    hosts = [(host(name), ConnectError(name, "a port is closed by a firewall")) for name in names]
    (line,) = told(capsys, *hosts)
    assert line == (
        "psrebind: 4 hosts unreachable: a, b, port, web01: a port is closed by a firewall"
    )


def test_a_name_within_another_is_not_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    """What is said of another host is not what is said of this one."""
    sentences = [("web1", "the proxy web10 is down"), ("web2", "the proxy web20 is down")]
    hosts = [(host(name), ConnectError(name, said)) for name, said in sentences]
    assert len(told(capsys, *hosts)) == 2
    addresses = [("10.0.0.1", "110.0.0.1 is down"), ("10.0.0.2", "110.0.0.2 is down")]
    hosts = [(host(name), ConnectError(name, said)) for name, said in addresses]
    assert len(told(capsys, *hosts)) == 2


def test_names_and_addresses_are_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Hosts that differ in nothing else failed of one cause."""
    web01, web02 = host("web01", "10.0.0.1"), host("web02.example.com", "10.0.0.2")
    (line,) = told(
        capsys,
        (web01, ConnectError("web01", "nobody answers at 10.0.0.1, which is web01.")),
        (web02, ConnectError("web02", "nobody answers at 10.0.0.2, which is web02.example.com.")),
    )
    assert line.startswith("psrebind: 2 hosts unreachable: web01, web02.example.com: ")


def test_what_to_do_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The advice stands with the reason, of an error of the connection and of the host."""
    advice = "Open it in the firewall"
    hosts = [host("web01"), host("web02")]
    (line,) = told(
        capsys, *((one, ConnectError(one.name, "a port is closed", advice=advice)) for one in hosts)
    )
    assert line.endswith(": a port is closed. Open it in the firewall")
    missing = ScriptError("no module", error_id="psrebind.MissingModule,WebAdministration")
    add_remedy(missing)
    (line,) = told(capsys, *((one, missing) for one in hosts))
    assert "Install-WindowsFeature Web-Scripting-Tools" in line


def test_a_message_of_several_lines_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A cause is a line, for whoever greps for it."""
    (line,) = told(capsys, (host("web01"), ScriptError("Zugriff verweigert.\r\n\n  At line 3\n")))
    assert line == "psrebind: 1 host failed: web01: Zugriff verweigert. At line 3"
