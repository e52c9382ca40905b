"""The command rebind on labs: what it sends, what it says of a difficult host, what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from cli.command_line import Command
from labs import (
    is_rebound,
    rebind_words,
    records,
    remove_certificate,
    restored,
    running,
    sent,
    settle,
    shells_left,
    swap,
)

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.http_sys import Record, RecordKind
from psrebind.lab.windows.state import Binding, HostState, Site


@pytest.fixture(scope="module", params=["model", pytest.param("pwsh", marks=pytest.mark.engine)])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab of three hosts, once without and once with a PowerShell."""
    engine: Path | None = None
    if request.param == "pwsh":
        engine = request.getfixturevalue("pwsh")
    with running(tmp_path_factory.mktemp("lab"), engine) as found:
        yield found


@pytest.fixture
def web02(lab: Lab) -> Iterator[LabHost]:
    """A host whose bindings can all be rebound; as it was, after each test."""
    with restored(lab.hosts["web02"]) as host:
        yield host


def with_more_bindings(lab: Lab, host: LabHost) -> int:
    """Give a host more bindings, each with a record of the old certificate; return how many.

    Forty, or eight where a PowerShell of the lab asks Python for every registry value.
    """
    count = 8 if lab.engine else 40
    names = [f"site{number:02}.example" for number in range(1, count + 1)]
    record = Record(
        kind=RecordKind.HOSTNAMEPORT, key="", thumbprint=swap(lab, host.name).old, store="My"
    )
    bindings = tuple(
        Binding(protocol="https", information=f"*:8443:{name}", flags=1) for name in names
    )
    site = Site(id=40, name="Many", bindings=bindings)
    more = tuple(replace(record, key=f"{name}:8443") for name in names)

    def change(state: HostState) -> HostState:
        return replace(state, sites=(*state.sites, site), records=(*state.records, *more))

    host.host.change(change)
    return count


@pytest.fixture
def shells(web02: LabHost) -> int:
    """How many shells the host had before: a lost change leaves it one until that is idle."""
    return web02.endpoint.open_shells


def test_pipelines_do_not_grow_with_bindings(as_admin: Command, lab: Lab, web02: LabHost) -> None:
    """One pipeline for bindings and two for rebind, with three bindings and with many more."""

    def asked(*line: str) -> tuple[int, int, int]:
        before = len(sent(web02))
        status = as_admin(*line).status
        actions = sent(web02)[before:]
        return status, actions.count("Create"), actions.count("Command")

    with restored(web02):
        assert asked("bindings", web02.address) == (0, 1, 1)
        assert asked(*rebind_words(lab, web02)) == (0, 1, 2)
    more = with_more_bindings(lab, web02)
    assert asked("bindings", web02.address) == (0, 1, 1)
    assert asked(*rebind_words(lab, web02)) == (0, 1, 2)
    assert is_rebound(lab, web02)
    assert sum(one.thumbprint is not None for one in records(web02).values()) == 2 + more


@pytest.mark.parametrize("lab", [pytest.param("pwsh", marks=pytest.mark.engine)], indirect=True)
def test_a_loss_in_the_midst_of_changing(as_admin: Command, lab: Lab, web02: LabHost) -> None:
    """A client that is lost while PowerShell changes: unknown, and the change comes to its end."""
    with_more_bindings(lab, web02)
    shells = web02.endpoint.open_shells
    web02.host.faults["binding.AddSslCertificate"] = {"slow": 0.3}
    cut = iter([web02.endpoint.cut])
    stop = web02.host.watch(lambda: next(cut, lambda: None)())
    try:
        lost = as_admin(*rebind_words(lab, web02))
    finally:
        stop()
    assert lost.status == 6
    assert "the state before is in" in lost.err
    assert "run the same rebind again" in lost.err
    # Its shell is the host's until it is idle.
    assert web02.endpoint.open_shells <= shells + 1
    settle(lab, web02)
    assert is_rebound(lab, web02)
    web02.host.faults.clear()
    again = as_admin(*rebind_words(lab, web02))
    assert again.status == 0
    assert "done already" in again.err
    assert is_rebound(lab, web02)


@pytest.mark.parametrize("lab", [pytest.param("pwsh", marks=pytest.mark.engine)], indirect=True)
def test_a_warning_of_the_host_is_said_once(
    as_admin: Command, lab: Lab, web02: LabHost, tmp_path: Path
) -> None:
    """What a body warns of reaches the person once for each script, whatever the command."""
    name = "get_iis_binding.ps1.j2"
    own = (files("ps_templates") / name).read_text("ascii")
    (tmp_path / name).write_text(f"{own}\nWrite-Warning 'careful'\n", "ascii")
    options = ("--templates", str(tmp_path))
    said = "warning: get_iis_binding: careful\n"
    assert as_admin("bindings", web02.address, *options).err.count(said) == 1
    assert as_admin(*rebind_words(lab, web02), *options).err.count(said) == 2


def test_an_odd_binding_hides_no_other(as_admin: Command, lab: Lab, web02: LabHost) -> None:
    """A binding that IIS cannot mean is shown with a problem, and the others are rebound."""
    odd = Site(
        id=40,
        name="Odd",
        bindings=(Binding(protocol="https", information="*:0:zero.example", flags=1),),
    )
    web02.host.change(lambda state: replace(state, sites=(odd, *state.sites)))
    *others, last = json.loads(as_admin("bindings", web02.address, "-f", "json").out)
    assert [row["thumbprint"] for row in others] == [swap(lab, web02.name).old] * 3
    assert (last["site"], last["binding"]) == ("Odd", "*:0:zero.example")
    assert "is not a binding" in last["problems"][0]
    ran = as_admin(*rebind_words(lab, web02))
    assert ran.status == 0
    assert "*:0:zero.example of Odd is left alone" in ran.err
    assert is_rebound(lab, web02)


def test_a_busy_host(as_admin: Command, lab: Lab, web02: LabHost, shells: int) -> None:
    """A second rebind meets the first one's mutex: nothing is changed, and that is said."""
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        leave.wait(60)

    stop = web02.host.watch(hold)
    line = rebind_words(lab, web02, "--user", lab.user)
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "psrebind", *line],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as first:
            assert inside.wait(60)
            second = as_admin(*rebind_words(lab, web02))
            leave.set()
            assert first.wait(60) == 0
    finally:
        leave.set()
        stop()
    assert second.status == 2
    assert "nothing was changed: Another psrebind is changing this host" in second.err
    assert is_rebound(lab, web02)
    assert shells_left(web02, shells) <= shells


def facts(host: LabHost, **fields: object) -> None:
    """Let a host be another one in some of its facts."""
    host.host.change(
        lambda state: replace(state, facts=replace(state.facts, **fields))  # type: ignore[arg-type]
    )


def test_a_missing_module(as_admin: Command, lab: Lab, web02: LabHost, shells: int) -> None:
    """A host without WebAdministration: 2, how to install it, and nothing is changed."""
    facts(web02, modules=())
    before = web02.host.state
    ran = as_admin(*rebind_words(lab, web02))
    assert (ran.status, ran.out) == (2, "")
    assert "WebAdministration" in ran.err
    assert "Install-WindowsFeature Web-Scripting-Tools" in ran.err
    assert ran.err.count("\n") == 1
    assert (web02.host.state, shells_left(web02, shells) - shells) == (before, 0)


@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_without_elevation(as_admin: Command, lab: Lab, web02: LabHost, shells: int) -> None:
    """An account that may read and not change: 2, access denied at each binding, all as it was."""
    facts(web02, elevated=False)
    before = records(web02)
    ran = as_admin(*rebind_words(lab, web02), "-f", "json")
    assert ran.status == 2
    rows = json.loads(ran.out)
    assert {row["outcome"] for row in rows} == {"failed"}
    assert all("0x80070005" in row["reason"] for row in rows)
    assert (records(web02), shells_left(web02, shells) - shells) == (before, 0)


@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_a_wrong_password(
    as_admin: Command, lab: Lab, web02: LabHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused credential is one logon attempt: 4, and no shell was asked for."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "wrong")
    attempts, before = web02.endpoint.logons, len(sent(web02))
    known = attempts[lab.user].attempts if lab.user in attempts else 0
    ran = as_admin(*rebind_words(lab, web02))
    assert (ran.status, ran.out, ran.err.count("\n")) == (4, "", 1)
    assert "the host refused the credential" in ran.err
    assert web02.endpoint.logons[lab.user].attempts == known + 1
    assert set(sent(web02)[before:]) == {"Logon"}


@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_an_untrusted_certificate(as_admin: Command, lab: Lab, web02: LabHost) -> None:
    """A host that nobody vouches for gets no credential: 4, and how to trust it."""
    before = len(sent(web02))
    ran = as_admin(*rebind_words(lab, web02), "--ssl")
    assert (ran.status, ran.out, ran.err.count("\n")) == (4, "", 1)
    assert "the certificate of the host is not trusted" in ran.err
    assert "Give the CA file or pin the certificate" in ran.err
    assert sent(web02)[before:] == []


@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_a_wrong_type_sends_nothing(as_admin: Command, lab: Lab, web02: LabHost) -> None:
    """A parameter that does not fit its field is 5 before the host is asked."""
    before, waiting = len(sent(web02)), swap(lab, web02.name)
    given = (f"old={waiting.old}", f"new={waiting.new}", "options=x")
    ran = as_admin("invoke", "invoke_iis_renewal", web02.address, *given, "--yes")
    assert (ran.status, ran.out, ran.err.count("\n")) == (5, "", 1)
    assert "invoke_iis_renewal.options: 'x'" in ran.err
    assert sent(web02)[before:] == []


def test_a_missing_engine(
    psrebind: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A PowerShell that is named and not there is 5; no lab is made in its stead."""
    monkeypatch.setenv("PSREBIND_PWSH", str(tmp_path / "pwsh"))
    for line in (("demo",), ("lab", "up", "--folder", str(tmp_path / "lab"))):
        ran = psrebind(*line)
        assert (ran.status, ran.out) == (5, "")
        assert f"PSREBIND_PWSH names {tmp_path / 'pwsh'}, which is not there" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lab", ["model"], indirect=True)
def test_what_appcmd_would_skip_is_said(as_admin: Command, lab: Lab, web02: LabHost) -> None:
    """A binding that appcmd passes over in silence has its row, its reason and a count; 3."""
    new = swap(lab, web02.name).new
    remove_certificate(web02, new, "WebHosting")
    ran = as_admin(*rebind_words(lab, web02), "--method", "appcmd", "-f", "json")
    rows = {row["site"]: row for row in json.loads(ran.out)}
    assert ran.status == 3
    assert (rows["Hosting"]["outcome"], rows["Kunden"]["outcome"]) == ("skipped", "changed")
    assert f"{new} is not in the store WebHosting" in rows["Hosting"]["reason"]
    assert "1 that appcmd would skip in silence" in ran.err
