"""LocalSession where there is no PowerShell, or something else in its place; needs no engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from psrebind.errors import ConnectError
from psrebind.script import Script
from psrebind.sessions.base import Limits
from psrebind.sessions.local import LocalSession, find_engine
from psrebind.sessions.stdio import POOL, Child, ChildEnded, ProtocolLine, frame_line, read_line

posix = pytest.mark.skipif(sys.platform == "win32", reason="programs of a POSIX shell")
ODD = UUID("41b0200e-e69c-4ae3-9500-c208ae344b8c")


def said(executable: Path, limits: Limits | None = None) -> str:
    """What a session says that cannot open."""
    with LocalSession(executable, opening=1) as session, pytest.raises(ConnectError) as caught:
        session.invoke(Script("'x'"), limits=limits)
    text = str(caught.value)
    assert text.startswith("localhost: ")
    assert "\n" not in text
    return text


def program(folder: Path, body: str) -> Path:
    """A program that is no PowerShell."""
    file = folder / "engine"
    file.write_text(f"#!/bin/sh\n{body}\n", "ascii")
    file.chmod(0o755)
    return file


def test_a_missing_engine_is_named() -> None:
    """A path where nothing is, is named with what to do."""
    text = said(Path("/nowhere/pwsh"))
    assert f"{Path('/nowhere/pwsh')} cannot be started" in text
    assert "Set PSREBIND_PWSH to the path of a PowerShell (https://aka.ms/powershell)" in text


def test_no_engine_at_all_is_said(tmp_path: Path) -> None:
    """Without a PowerShell on the PATH the error says how to get one."""
    environment = {"PATH": str(tmp_path), "SYSTEMROOT": str(tmp_path)}
    refused = pytest.raises(ConnectError, match=r"no PowerShell.*set PSREBIND_PWSH to")
    with LocalSession(environment=environment) as session, refused:
        session.open()


@posix
def test_a_machine_without_windows_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is, or stands for, a Windows, no engine is started."""
    trace = tmp_path / "trace"
    monkeypatch.setenv("PSREBIND_PWSH", str(program(tmp_path, f"touch {trace}")))
    monkeypatch.delenv("SYSTEMROOT", raising=False)
    with LocalSession() as session, pytest.raises(ConnectError, match="is no Windows"):
        session.open()
    assert not trace.exists()


def test_a_folder_and_a_text_are_no_engine(tmp_path: Path) -> None:
    """What cannot be executed is a ConnectError, whatever the system calls it."""
    text = tmp_path / "notes.txt"
    text.write_text("hello", "ascii")
    assert "cannot be started" in said(tmp_path)
    assert "cannot be started" in said(text)
    text.chmod(0o755)
    assert "cannot be started" in said(text)


STRANGERS = [
    ("exit 1", "ended with status 1. Is it a PowerShell?"),
    ("echo no licence >&2; exit 70", "ended with status 70; it last said: no licence. Is it"),
    ("echo hello; exit 0", "ended with status 0; it last said: hello"),
    ("exec /bin/cat -NoSuchSwitch", "it last said:"),
    ("exec /bin/cat", "does not answer as a PowerShell does"),
    ("echo hello; exec sleep 300", "does not answer as a PowerShell does; it said: hello"),
    ("exec sleep 300", "does not answer as a PowerShell does. Is it"),
    ("exec yes", "does not answer as a PowerShell does; it said:"),
    ("exec cat /dev/zero", "does not answer as a PowerShell does"),
    ("exec >&-; exec sleep 300", "closed its output"),
    (f"echo \"<DataAck PSGuid='{POOL}' />\"; exec sleep 300", "does not answer"),
    (f"echo \"<Data Stream='Default' PSGuid='{POOL}'>AAAA</Data>\"; exec sleep 300", "PSRP"),
]


@posix
@pytest.mark.parametrize(("body", "words"), STRANGERS, ids=[body for body, _ in STRANGERS])
def test_a_stranger_is_found_out(tmp_path: Path, body: str, words: str) -> None:
    """A program that is no PowerShell is a ConnectError in one sentence, and never a hang."""
    assert words in said(program(tmp_path, body))


@posix
def test_the_time_limit_wins_over_a_silent_program(tmp_path: Path) -> None:
    """The caller's limit ends the wait for a program that says nothing."""
    text = said(program(tmp_path, "exec sleep 300"), Limits.within(0.3))
    assert "the time limit of 0.3 s has passed before the script was sent" in text


def test_limits_that_are_reached_start_nothing(tmp_path: Path) -> None:
    """A call whose time is over before it begins starts no process."""
    trace = tmp_path / "trace"
    said(program(tmp_path, f"touch {trace}"), Limits.within(0))
    assert not trace.exists()


@posix
def test_a_child_that_reads_nothing_does_not_block_us() -> None:
    """Megabytes for a program that never reads are queued, and its end is still ours."""
    child = Child(["/bin/sleep", "300"], os.environ)
    for _ in range(100):
        child.tell("Data", POOL, b"x" * 100_000)
    assert child.receive(0.05) is None
    child.end()
    with pytest.raises(ChildEnded, match="status -9"):
        child.receive(0)


@pytest.mark.parametrize(
    "line",
    [
        ProtocolLine("Data", ODD, b"\x00PSRP\xff"),
        ProtocolLine("Data", POOL),
        ProtocolLine("CloseAck", ODD),
    ],
    ids=str,
)
def test_a_line_is_read_as_it_was_framed(line: ProtocolLine) -> None:
    """Framing and reading are inverse, also behind the words of another program."""
    text = frame_line(line.kind, line.target, line.data if line.kind == "Data" else None)
    assert text.count(b"\n") == 1
    assert read_line(text) == line
    assert read_line(b"no newline <b>" + text.rstrip() + b"\r\n") == line


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello\n",
        b"<Data PSGuid='x' />",
        b"<Data Stream='Default' PSGuid='------------------------------------'>AAAA</Data>",
        f"<Data Stream='Default' PSGuid='{POOL}'>AAA</Data>".encode(),
    ],
)
def test_anything_else_is_no_line(text: bytes) -> None:
    """Texts that are not of the protocol are none of its lines."""
    assert read_line(text) is None


def test_windows_powershell_is_found_where_windows_keeps_it(tmp_path: Path) -> None:
    """On Windows it is 5.1 of the system, and Sysnative's for a 32-bit process that sees it."""
    environment = {"SystemRoot": str(tmp_path), "PATH": ""}
    assert find_engine(environment, "win32") is None
    for folder in ("System32", "Sysnative"):
        place = tmp_path / folder / "WindowsPowerShell" / "v1.0"
        place.mkdir(parents=True)
        (place / "powershell.exe").touch()
        assert find_engine(environment, "win32") == place / "powershell.exe"


@pytest.mark.parametrize("platform", ["win32", "linux"])
def test_the_environment_names_the_engine(tmp_path: Path, platform: str) -> None:
    """PSREBIND_PWSH wins over the PATH, and on Windows over Windows PowerShell."""
    engine = str(tmp_path / "other" / "pwsh")
    environment = {"SystemRoot": str(tmp_path), "PATH": str(tmp_path)}
    place = tmp_path / "System32" / "WindowsPowerShell" / "v1.0"
    place.mkdir(parents=True)
    for known in (place / "powershell.exe", tmp_path / "pwsh"):
        known.touch(mode=0o755)
    assert find_engine(environment, platform) in (place / "powershell.exe", tmp_path / "pwsh")
    assert find_engine({**environment, "PSREBIND_PWSH": engine}, platform) == Path(engine)


@posix
def test_variables_with_a_password_stay_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine that the environment names gets neither password, and all else."""
    trace = tmp_path / "trace"
    monkeypatch.setenv("PSREBIND_PWSH", str(program(tmp_path, f"env >{trace}; exit 1")))
    monkeypatch.setenv("PSREBIND_PASSWORD", "sesame")
    monkeypatch.setenv("ADMIN_PASSWORD", "sesame")
    monkeypatch.setenv("OTHER", "seen")
    monkeypatch.setenv("SYSTEMROOT", "/windows")
    with LocalSession(hidden=["ADMIN_PASSWORD"]) as session, pytest.raises(ConnectError):
        session.open()
    said = trace.read_text("utf-8")
    assert "OTHER=seen" in said
    assert "sesame" not in said


def test_psrpcore_is_not_imported_with_the_session() -> None:
    """Importing the session costs no psrpcore: the command line relies on it."""
    code = "import sys, psrebind.sessions.local; sys.exit('psrpcore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
