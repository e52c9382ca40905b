"""LocalSession with a real PowerShell child: scripts, secrets, streams, limits, and its death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from psrebind.errors import ConnectError, ReplyError, ScriptError, SessionLost
from psrebind.model import Secret
from psrebind.script import Script
from psrebind.sessions.base import Limits, StreamRecord
from psrebind.sessions.local import LocalSession

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc"),
]
# A reply whose `ui_culture` is whatever `$said` is: texts of the script come back in it.
REPLY = (
    '\'{"powershell":"7","language_mode":"FullLanguage","process_bits":64,"ui_culture":"\' + $said'
    ' + \'","clock":"2026-11-24T00:00:00Z","bodies":[]}\''
)
WAIT = f"Write-Warning \"$PID\"; Start-Sleep -Seconds 300; $said = ''; {REPLY}"


def answer(session: LocalSession, expression: str, **secrets: Secret) -> str:
    """The value of an expression, as the session's PowerShell sees it."""
    script = Script(f'param($Secrets) $said = "$({expression})"; {REPLY}', secrets)
    return session.invoke(script).ui_culture


def gone(process: int, seconds: float = 0) -> bool:
    """Whether a process has ended, or does so in time; a zombie has."""
    end = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z" or time.monotonic() >= end:
            return state == "Z"
        time.sleep(0.02)


@pytest.fixture
def session(pwsh: Path) -> Iterator[LocalSession]:
    """A session with the engine of the tests."""
    with LocalSession(pwsh) as made:
        yield made


def test_scripts_share_one_child_and_the_exit_ends_it(pwsh: Path) -> None:
    """Scripts run in one runspace, one after the other, and no child stays."""
    with LocalSession(pwsh) as session:
        assert session.host == "localhost"
        first = answer(session, "$PID; $global:kept = 'kept'")
        assert answer(session, "$PID").split() == first.split()[:1]
        assert answer(session, "$global:kept") == "kept"
        assert not gone(int(first.split()[0]))
    assert gone(int(first.split()[0]))


def test_a_secret_arrives_and_the_next_one_too(session: LocalSession) -> None:
    """Secrets come as SecureStrings in one table, without a second exchange of keys."""
    opened = (
        "$Secrets.Word.GetType().Name; [Net.NetworkCredential]::new('', $Secrets.Word).Password"
    )
    assert answer(session, opened, Word=Secret("grün & geheim")) == "SecureString grün & geheim"
    assert answer(session, opened, Word=Secret("second")) == "SecureString second"


def test_the_password_for_hosts_stays_here(pwsh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child gets our environment without the passwords, or exactly the one it is given."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "secret")
    monkeypatch.setenv("ADMIN_PASSWORD", "secret")
    monkeypatch.setenv("PSREBIND_OTHER", "seen")
    names = ("PSREBIND_PASSWORD", "ADMIN_PASSWORD", "PSREBIND_OTHER")
    with LocalSession(pwsh, hidden=["ADMIN_PASSWORD"]) as session:
        assert answer(session, " + ".join(f"$env:{name}" for name in names)) == "seen"
    given = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "ONLY": "this"}
    with LocalSession(pwsh, environment=given) as session:
        assert answer(session, "$env:PSREBIND_OTHER + $env:ONLY") == "this"


def test_megabytes_pass_both_ways(session: LocalSession) -> None:
    """A long script, a long reply and a long complaint arrive without a deadlock."""
    # PowerShell's own standard error leads nowhere here; a program's is the child's.
    program = "head -c 1000000 /dev/zero >&2"
    noise = f"[Diagnostics.Process]::Start('/bin/sh', '-c \"{program}\"').WaitForExit()"
    text = f"# {'x' * 2_000_000}\n{noise}; $said = 'y' * 10MB; {REPLY}"
    reply = session.invoke(Script(text), limits=Limits.within(60))
    assert len(reply.ui_culture) == 10 * 1024 * 1024


def test_a_program_on_the_same_output_does_no_harm(session: LocalSession) -> None:
    """What a native program writes between the protocol's lines is passed over."""
    noise = "[Diagnostics.Process]::Start('/bin/echo', '-n <noise').WaitForExit(); 'fine'"
    assert answer(session, noise) == "fine"


def test_streams_come_while_the_script_runs(session: LocalSession) -> None:
    """Records are handed on at once, in the calling thread, which may cancel on one."""
    heard: list[StreamRecord] = []
    limits = Limits()

    def hear(record: StreamRecord) -> None:
        heard.append(record)
        if record.stream == "warning":
            limits.cancelled.set()

    text = """
    $VerbosePreference = 'Continue'
    Write-Verbose 'looking'
    Write-Information 'note'
    Write-Host 'shown'
    Write-Progress -Activity 'Binding' -Status 'one of two' -PercentComplete 50
    Write-Warning 'careful'
    Start-Sleep -Seconds 300
    """
    with pytest.raises(SessionLost, match="cancelled"):
        session.invoke(Script(text), limits=limits, on_stream=hear)
    assert heard == [
        StreamRecord("verbose", "looking"),
        StreamRecord("information", "note"),
        StreamRecord("information", "shown"),
        StreamRecord("progress", "Binding: one of two", 50),
        StreamRecord("warning", "careful"),
    ]


def test_a_script_that_fails_says_why_and_the_session_lives(session: LocalSession) -> None:
    """A terminating error comes with message, id, category, exception and number."""
    before = answer(session, "$PID")
    record = (
        "[Management.Automation.ErrorRecord]::new("
        "[InvalidOperationException]::new('no such site'), 'NoSite', 'ObjectNotFound', $null)"
    )
    with pytest.raises(ScriptError) as caught:
        session.invoke(Script(f"throw {record}"))
    assert caught.value.message == "no such site"
    assert caught.value.error_id == "NoSite"
    assert caught.value.category == "ObjectNotFound"
    assert caught.value.exception == "System.InvalidOperationException"
    assert caught.value.hresult == -2146233079
    with pytest.raises(ScriptError, match="Missing closing"):
        session.invoke(Script("this is (not"))
    assert answer(session, "$PID") == before


@pytest.mark.parametrize("text", [" ", "'a'; 'b'", "42", "Write-Error 'odd'", "exit 3"])
def test_one_text_is_a_reply_and_nothing_else(session: LocalSession, text: str) -> None:
    """No output, two outputs and a number are ReplyErrors, and the session lives on."""
    with pytest.raises(ReplyError, match="one text was promised"):
        session.invoke(Script(text))
    assert answer(session, "'still here'") == "still here"


def test_the_time_limit_stops_the_script(session: LocalSession, tmp_path: Path) -> None:
    """Past its deadline a script tidies up and ends, with its programs; the next one may come."""
    tidied = tmp_path / "tidied"
    heard: list[StreamRecord] = []
    start = "Write-Warning ([Diagnostics.Process]::Start('sleep', '300').Id)"
    text = f"try {{ {start}; {WAIT} }} finally {{ [IO.File]::WriteAllText('{tidied}', '') }}"
    session.open()
    with pytest.raises(SessionLost, match=r"time limit.*look at the host"):
        session.invoke(Script(text), limits=Limits.within(6), on_stream=heard.append)
    assert tidied.exists()
    started, child = (int(record.text) for record in heard)
    assert gone(child)
    assert gone(started, 60)
    assert answer(session, "'again'") == "again"


def test_a_script_that_cannot_be_stopped_is_killed(session: LocalSession) -> None:
    """A script deep in .NET does not hear the signal; its process ends all the same."""
    heard: list[StreamRecord] = []
    session.open()
    with pytest.raises(SessionLost):
        session.invoke(
            Script('Write-Warning "$PID"; [Threading.Thread]::Sleep(300000)'),
            limits=Limits.within(6),
            on_stream=heard.append,
        )
    assert gone(int(heard[0].text))


def test_ctrl_c_stops_the_script(session: LocalSession) -> None:
    """Ctrl-C arrives in the calling thread, the child ends, and it goes on as Ctrl-C."""
    heard: list[StreamRecord] = []
    limits = Limits()

    def hear(record: StreamRecord) -> None:
        heard.append(record)
        # Later, so that it meets the wait and not this function.
        Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        session.invoke(Script(WAIT), limits=limits, on_stream=hear)
    assert limits.cancelled.is_set()
    assert gone(int(heard[0].text))


def test_a_child_that_dies_between_scripts_ran_nothing(session: LocalSession) -> None:
    """A child that was killed before the script was sent is a ConnectError; the next one is new."""
    child = int(answer(session, "$PID"))
    os.kill(child, signal.SIGKILL)
    with pytest.raises(ConnectError, match="before the script was sent"):
        session.invoke(Script("'x'"))
    assert int(answer(session, "$PID")) != child


def test_a_child_that_is_killed_under_the_script_is_a_loss(session: LocalSession) -> None:
    """Killed after the script was sent: whether it ran is unknown."""
    with pytest.raises(SessionLost, match=r"status -9.*look at the host"):
        session.invoke(
            Script(WAIT), on_stream=lambda record: os.kill(int(record.text), signal.SIGKILL)
        )


def test_a_loss_tells_the_last_words(session: LocalSession) -> None:
    """What the child said last on its standard error stands in the error."""
    text = "[Environment]::FailFast(('out of', 'luck' -join [char]10))"
    with pytest.raises(SessionLost, match=r"status -6; it last said: .*out of luck"):
        session.invoke(Script(text))


def test_no_child_outlives_us(pwsh: Path) -> None:
    """When our own process is killed under a running script, the child ends by itself."""
    program = (
        "import sys; from pathlib import Path; from psrebind.sessions.local import LocalSession\n"
        "from psrebind.script import Script\n"
        "LocalSession(Path(sys.argv[1])).invoke(Script(sys.argv[2]),"
        " on_stream=lambda record: print(record.text, flush=True))"
    )
    command = [sys.executable, "-c", program, str(pwsh), WAIT]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as ours:
        assert ours.stdout is not None
        child = int(ours.stdout.readline())
        ours.kill()
    assert gone(child, 20)
