"""The PowerShell children behind the endpoint's shells."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.server.endpoint_host import (
    PASSWORD,
    STARTUP,
    EngineFactory,
    Host,
    ask,
    is_running,
    until,
)
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool

from psrebind.lab.engines.pwsh import PwshEngine


def test_startup_is_seen_by_the_client(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory]
) -> None:
    """Functions of the startup are in the client's pool; its output is not."""
    host = start(pwsh(f"'not for the client'; {STARTUP}"))
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "Get-Greeting") == ["from the startup"]


@pytest.mark.parametrize("startup", ["throw 'broken prelude'", "Write-Error 'broken prelude'"])
def test_failing_startup(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory], startup: str
) -> None:
    """A startup that fails refuses the shell, with its error, and leaves no child."""
    host = start(pwsh(startup))
    with pytest.raises(WSManFaultError, match="broken prelude"):
        RunspacePool(host.client()).open()
    assert host.endpoint.open_shells == 0


def test_missing_engine(start: Callable[..., Host]) -> None:
    """An engine that is not there refuses the shell by its path."""
    missing = Path("/no/such/pwsh")
    host = start(lambda: PwshEngine(missing, environment={}, startup=""))
    with pytest.raises(WSManFaultError, match="/no/such/pwsh could not be started"):
        RunspacePool(host.client()).open()


def test_child_environment(
    start: Callable[..., Host],
    pwsh: Callable[..., EngineFactory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A child sees what it was given, and none of our secrets."""
    monkeypatch.setenv("PSREBIND_PASSWORD", PASSWORD)
    host = start(pwsh(LAB_HOST="web01"))
    with RunspacePool(host.client()) as pool:
        assert ask(pool, '"$env:LAB_HOST,$env:PSREBIND_PASSWORD"') == ["web01,"]


def test_death_of_a_child(start: Callable[..., Host], pwsh: Callable[..., EngineFactory]) -> None:
    """A child that dies takes its pipeline and its shell along."""
    host = start(pwsh())
    with RunspacePool(host.client()) as pool:
        (child,) = ask(pool, "$PID")
        os.kill(child, signal.SIGKILL)
        with pytest.raises(WSManFaultError, match="did not return a proper response"):
            ask(pool, "'too late'")
        assert host.endpoint.open_shells == 0
        pool.state = 3


def test_no_child_outlives_its_endpoint(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory]
) -> None:
    """Stopping an endpoint ends the children of shells that nobody closed, busy ones too."""
    host = start(pwsh())
    pool = RunspacePool(host.client())
    pool.open()
    (child,) = ask(pool, "$PID")
    PowerShell(pool).add_script("while ($true) { }").begin_invoke()
    assert is_running(child)
    host.run(host.endpoint.stop())
    assert not is_running(child)


def test_no_child_outlives_its_shell(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory]
) -> None:
    """Closing a pool ends its child, and native programs that a pipeline left running."""
    host = start(pwsh())
    with RunspacePool(host.client()) as pool:
        child, left = ask(pool, "$PID; sh -c 'sleep 600 >/dev/null 2>&1 & echo $!'")
    assert until(lambda: not is_running(int(left)))
    assert not is_running(child)


def test_no_child_outlives_a_cancelled_start(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory], tmp_path: Path
) -> None:
    """A shell that is still starting when the endpoint stops leaves no child."""
    note = tmp_path / "pid"
    startup = "[IO.File]::WriteAllText($env:NOTE, $PID); Start-Sleep -Seconds 600"
    host = start(pwsh(startup, NOTE=str(note)))
    failures: list[Exception] = []

    def open_pool() -> None:
        try:
            RunspacePool(host.client()).open()
        except Exception as error:
            failures.append(error)

    opening = threading.Thread(target=open_pool)
    opening.start()
    assert until(lambda: note.exists() and note.read_text() != "")
    host.run(host.endpoint.stop())
    opening.join()
    assert failures
    assert not is_running(int(note.read_text()))


def test_unknown_pipeline(start: Callable[..., Host], either: EngineFactory) -> None:
    """A Receive for a pipeline that never was is refused."""
    with RunspacePool(start(either).client()) as pool, pytest.raises(WSManFaultError):
        pool.shell.receive("stdout", command_id=str(uuid.uuid4()).upper())
