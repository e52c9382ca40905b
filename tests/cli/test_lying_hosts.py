"""A host that lies in any value of any reply is an error of that host, and of nothing else.

A run is a fleet in which each host lies in another value, or in another way, and the last one is
honest. What they say was said by the lab's engine without PowerShell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import Command
from cli.lies import LIES, Lie, Recorded, Told
from fakes import FakeSession

from psrebind.cli import main
from psrebind.fleet.fleet import FleetHost
from psrebind.lab.engines.model.replies import Answers
from psrebind.lab.stage import renewals, scenario
from psrebind.lab.windows.state import HostState
from psrebind.sessions.base import Logon

BUG, USAGE = 1, 5
# What a run says of hosts whose error is ours, since it says that nothing was sent.
WRONG_INPUT = r"\d+ hosts? skipped: "
FORMS = ("table", "json", "jsonl", "csv")
# command -> what was done on its host before
COMMANDS = {
    "hosts": "",
    "bindings": "",
    "certificates": "",
    "events": "",
    "invoke get_iis_binding": "",
    "rebind --dry-run --old {old} --new {new}": "",
    "replay --dry-run": "",
    "rebind --yes --old {old} --new {new}": "",
    "rebind --yes --method appcmd --old {old} --new {new}": "",
    "replay --yes": "",
    "notify --yes --old {old} --new {new}": "",
    "invoke invoke_iis_renewal --yes old={old} new={new}": "",
    "task enable --force --yes": "",
    "invoke get_rebind_task": "task enable --force --yes",
    "task enable --dry-run": "task enable --force --yes",
    "task status": "task enable --force --yes",
    "task disable --yes": "task enable --force --yes",
    "task enable --method notification --force --yes": "",
    "task status --method notification": "task enable --method notification --force --yes",
    "task disable --method notification --yes": "task enable --method notification --force --yes",
}
# Replies that another command has asked for too, and been lied to.
KNOWN = {
    "replay --dry-run": 0,
    "replay --yes": 1,
    "rebind --yes --method appcmd --old {old} --new {new}": 1,
}
# Of what another command reads or changes by the same code, one lie in so many.
FEWER = {
    "rebind --yes --old {old} --new {new}": 3,
    "notify --yes --old {old} --new {new}": 5,
    "replay --dry-run": 4,
    "rebind --yes --method appcmd --old {old} --new {new}": 3,
    "replay --yes": 11,
    "invoke get_iis_binding": 5,
    "invoke invoke_iis_renewal --yes old={old} new={new}": 3,
}
# Every so many lies one is told to a command that has no other host.
ALONE = 23


def words(command: str, target: str, *more: str) -> list[str]:
    """A command's words, its target in its place."""
    before = 2 if command.startswith(("task", "invoke")) else 1
    every = command.split()
    return [*every[:before], target, *every[before:], *more]


def address(number: int) -> str:
    """A host where no client is served."""
    return f"127.251.{number // 250}.{1 + number % 250}"


def answered_by(patch: pytest.MonkeyPatch, hosts: Mapping[str, Told | Recorded]) -> None:
    """Let sessions be with these hosts, by their names."""

    def session(self: FleetHost, logon: Logon | None = None) -> FakeSession:
        return hosts[self.name].session(self.name)

    patch.setattr(FleetHost, "session", session)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Told]]:
    """Each command as it is typed, and what one host with a waiting renewal said to it."""
    found = scenario.create(tmp_path_factory.mktemp("lab"), ["web01"])
    host, old = found.hosts["web01"], found.summary[0].old
    new = renewals.renew(host, found.authority, old)
    host.change(few_sites)
    said, began = {}, host.state
    for command, earlier in COMMANDS.items():
        host.change(lambda _: began)
        typed = command.format(old=old, new=new)
        for one in filter(None, (earlier, typed)):
            recorded = Recorded(Answers(host))
            with pytest.MonkeyPatch.context() as patch:
                answered_by(patch, {address(0): recorded})
                patch.setenv("PSREBIND_BEFORE_FOLDER", str(tmp_path_factory.mktemp("before")))
                assert main(words(one, address(0))) in (0, 2, 3)
        said[command] = (typed, Told(recorded.replies))
    return said


def few_sites(state: HostState) -> HostState:
    """A host with one binding by SNI and one by its address."""
    names = ("Shop", "Intranet")
    keys = ("shop.example", "127.")
    return replace(
        state,
        sites=tuple(one for one in state.sites if one.name in names),
        records=tuple(one for one in state.records if one.key.startswith(keys)),
    )


def complaint(err: str, hosts: Mapping[str, Lie]) -> str:
    """The lies that were taken for bugs or wrong input, and a traceback."""
    bad = [line for line in err.splitlines() if re.search(f"a bug in psrebind|{WRONG_INPUT}", line)]
    names = [name for line in bad for name in re.findall(r"127\.251\.\d+\.\d+", line)]
    lies = [hosts[name].name for name in names if name in hosts]
    return "\n".join([*lies, *bad, err[:8000]])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_lie_is_that_hosts_alone(
    command: str,
    said: dict[str, tuple[str, Told]],
    psrebind: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Whatever value is replaced by whatever lie: no traceback, no wrong input, none stopped."""
    typed, honest = said[command]
    monkeypatch.setenv("PSREBIND_BEFORE_FOLDER", str(tmp_path))
    told = list(honest.lies(LIES, KNOWN.get(command, 0)))[:: FEWER.get(command, 1)]
    assert len(told) > 100
    for shift, form in enumerate(FORMS):
        liars = told[shift :: len(FORMS)]
        hosts = {address(number): one for number, one in enumerate(liars)}
        last = address(len(liars))
        known = {name: one.host for name, one in hosts.items()}
        answered_by(monkeypatch, known | {last: honest})
        ran = psrebind(*words(typed, ",".join([*hosts, last]), "-f", form))
        assert ran.status not in (BUG, USAGE), complaint(ran.err, hosts)
        assert not re.search(WRONG_INPUT, ran.err), complaint(ran.err, hosts)
        assert last in ran.out
        assert f"psrebind: {len(hosts) + 1} hosts in " in ran.err
    for one in told[::ALONE]:
        answered_by(monkeypatch, {address(0): one.host})
        ran = psrebind(*words(typed, address(0)))
        assert ran.status not in (BUG, USAGE), f"{one.name}: {ran.err}"
