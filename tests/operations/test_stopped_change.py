"""set_iis_binding, stopped at each of its statements: the binding is never left without."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from labs import connect, credential, records, restored, running
from operations.changes import bindings, pair, setting
from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from releases import RELEASES, become

from psrebind.lab.stage.lab import Lab
from psrebind.operations import render
from psrebind.sessions.connection_options import ConnectionOptions
from psrebind.sessions.transport import LogonFacts
from psrebind.sessions.transport import connect as open_connection

STATEMENTS = Path(__file__).parents[1] / "statements.ps1"
# PowerShell has no command that stops its own pipeline; what a client's Signal does is this.
# Once for each place: what follows in a finally passes it again.
PREPARE = """
$global:passed = @{}
$global:stopped = -1
function global:Add-Place([int]$Place) { $global:passed["$Place"] = $true }
function global:Stop-Pipeline([int]$Place) {
    if ($global:stopped -eq $Place) { return }
    $global:stopped = $Place
    $type = [System.Management.Automation.Runspaces.Runspace]
    $flags = [System.Reflection.BindingFlags]'Instance, NonPublic'
    $method = $type.GetMethod('GetCurrentlyRunningPipeline', $flags)
    $method.Invoke([runspace]::DefaultRunspace, @()).StopAsync()
    Start-Sleep -Seconds 60
}
"""


@pytest.fixture(scope="module")
def lab(pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with a PowerShell."""
    with running(tmp_path_factory.mktemp("lab"), pwsh) as found:
        yield found


@contextmanager
def runspace(lab: Lab) -> Iterator[RunspacePool]:
    """A runspace of web01 whose pipelines can stop themselves."""
    options = ConnectionOptions(lab.hosts["web01"].address)
    connection = open_connection(options, credential(lab), LogonFacts(), None)
    with connection, RunspacePool(connection, no_profile=True) as pool:
        assert run(pool, PREPARE)[0] == PSInvocationState.COMPLETED
        yield pool


def run(pool: RunspacePool, text: str) -> tuple[int, list[str]]:
    """Run a script, and give how it ended and what it wrote."""
    pipeline = PowerShell(pool)
    pipeline.add_script(text)
    pipeline.invoke()
    return int(pipeline.state), [str(one) for one in pipeline.output]


def statements(pwsh: Path, text: str) -> list[int]:
    """Where the statements of a script begin."""
    command = [str(pwsh), "-NoProfile", "-File", str(STATEMENTS)]
    finished = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    found: list[int] = json.loads(finished.stdout)
    return found


def passed(pool: RunspacePool, text: str, places: list[int]) -> list[int]:
    """Which of the places a script passes."""
    marked = text
    for place in reversed(places):
        marked = f"{marked[:place]}Add-Place {place}; {marked[place:]}"
    assert run(pool, marked)[0] == PSInvocationState.COMPLETED
    return sorted(map(int, run(pool, "$global:passed.Keys")[1]))


@pytest.mark.parametrize("release", RELEASES)
def test_a_stop_at_each_statement(lab: Lab, pwsh: Path, release: str) -> None:
    """The record is the old one, whole, or the new one, whole: stopped wherever it may be."""
    with restored(lab.hosts["web01"]) as host, connect(lab) as session:
        become(host, release)
        binding = bindings(session)["Intranet"]
        new = pair(lab, "web01")[1]
        text = render([setting(binding, new)]).text
        state, before = host.host.state, records(host)
        name = f"{binding.kind}={binding.endpoint}"
        allowed = [before, before | {name: replace(before[name], thumbprint=new)}]
        ends: list[int] = []
        with runspace(lab) as pool:
            places = passed(pool, text, statements(pwsh, text))
            host.host.change(lambda _: state)
            for place in places:
                stopping = f"{text[:place]}Stop-Pipeline {place}; {text[place:]}"
                ends.append(run(pool, stopping)[0])
                line = text[place:].partition("\n")[0]
                assert records(host) in allowed, line
                host.host.change(lambda _: state)
            # The last stop held nothing back: the mutex is free, and the change runs.
            assert run(pool, text)[0] == PSInvocationState.COMPLETED
            assert records(host) == allowed[1]
        assert set(ends) == {PSInvocationState.STOPPED}
        assert len(ends) > 40
