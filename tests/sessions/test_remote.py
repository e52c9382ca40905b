"""RemoteSession against a real WSMan server: what arrives, and what the host says no to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest
from winrm import REPLY, Serve, Slow, Winrm

from psrebind.errors import (
    AuthenticationError,
    ConnectError,
    InvalidInput,
    ReplyError,
    ScriptError,
)
from psrebind.lab.engines.pwsh import PwshEngine
from psrebind.lab.windows.host_fault import HostFault
from psrebind.model import Secret
from psrebind.script import Script
from psrebind.sessions.base import Limits, StreamRecord
from psrebind.sessions.connection_options import needs_extra
from psrebind.sessions.credentials import Credential
from psrebind.sessions.remote import ConnectionOptions, Fingerprint, RemoteSession


def test_a_script_is_answered_and_no_shell_stays(winrm: Winrm) -> None:
    """A script arrives as it is, its reply comes back, and the exit closes the shell."""
    with winrm.session() as session:
        reply = session.invoke(Script("'Gr' + [char]0x00FC"))
        assert winrm.endpoint.open_shells == 1
    assert reply.powershell == "5.1.20348.1"
    assert winrm.asked[0][0] == "'Gr' + [char]0x00FC"
    assert winrm.endpoint.open_shells == 0


def test_two_scripts_share_one_shell(winrm: Winrm) -> None:
    """The pool stays open between scripts, so that one logon serves both."""
    with winrm.session() as session:
        session.invoke(Script("1"))
        session.invoke(Script("2"))
    assert winrm.actions.count("Create") == 1
    assert winrm.endpoint.logons["labadmin"].attempts == 1


def test_opening_sends_no_command(winrm: Winrm) -> None:
    """Opening learns whether the host lets us in, and runs nothing."""
    with winrm.session() as session:
        session.open()
        assert winrm.endpoint.open_shells == 1
    assert "Command" not in winrm.actions


def test_a_session_that_was_never_asked_sends_nothing(winrm: Winrm) -> None:
    """A session without a script touches no network."""
    with winrm.session():
        pass
    assert winrm.actions == []


def test_a_secret_arrives(winrm: Winrm) -> None:
    """A secret travels beside the script, in one table, and not in its text."""
    with winrm.session() as session:
        session.invoke(Script("param($Secrets)", {"Password": Secret("grün & geheim")}))
    script, parameters = winrm.asked[0]
    assert script == "param($Secrets)"
    secrets = parameters["Secrets"]
    assert isinstance(secrets, dict)
    assert secrets["Password"].decrypt() == "grün & geheim"


def test_a_large_script_arrives_whole(winrm: Winrm) -> None:
    """A script larger than an envelope arrives in pieces and is one again."""
    text = "# " + "x" * 700_000
    with winrm.session() as session:
        session.invoke(Script(text))
    assert winrm.asked[0][0] == text


def test_a_script_that_fails_says_why(serve: Serve) -> None:
    """A terminating error comes with message, id, category, exception and number."""

    def refuse(script: str, parameters: object) -> str:
        raise HostFault("no such site", "NoSite", "ObjectNotFound", hresult=0x80070490)

    with serve(refuse) as winrm, winrm.session() as session:
        with pytest.raises(ScriptError) as caught:
            session.invoke(Script("x"))
        assert caught.value.message == "no such site"
        assert caught.value.error_id == "NoSite"
        assert caught.value.category == "ObjectNotFound"
        assert caught.value.exception == "System.InvalidOperationException"
        assert caught.value.hresult is not None
        assert caught.value.hresult & 0xFFFFFFFF == 0x80070490
        with pytest.raises(ScriptError):
            session.invoke(Script("y"))
        assert winrm.actions.count("Create") == 1


def test_nonsense_is_not_a_reply(serve: Serve) -> None:
    """A text that is no reply is a ReplyError, and the session lives on."""
    answers = iter(["hello", REPLY])
    with serve(lambda script, parameters: next(answers)) as winrm, winrm.session() as session:
        with pytest.raises(ReplyError, match="hello"):
            session.invoke(Script("x"))
        assert session.invoke(Script("y")).process_bits == 64


def test_a_wrong_password_is_tried_once(winrm: Winrm) -> None:
    """A refused credential is one logon attempt, whatever is asked of the session afterwards."""
    with winrm.session(password="wrong") as session:
        for _ in range(3):
            with pytest.raises(AuthenticationError, match="refused"):
                session.invoke(Script("x"))
    logons = winrm.endpoint.logons["labadmin"]
    assert (logons.attempts, logons.failures) == (1, 1)


def test_a_proxy_of_the_environment_is_ignored(
    winrm: Winrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment is not used unless it was asked for."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with winrm.session() as session:
        assert session.invoke(Script("x"))
    with winrm.session(proxy="environment") as session, pytest.raises(ConnectError, match="proxy"):
        session.invoke(Script("x"))


def test_ctrl_c_closes_the_shell(serve: Serve, slow: Slow) -> None:
    """Ctrl-C arrives in the waiting thread, the shell is closed, and it goes on as Ctrl-C."""

    def press() -> None:
        slow.begun.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    limits = Limits()
    with serve(slow) as winrm, winrm.session() as session:
        Thread(target=press, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            session.invoke(Script("x"), limits=limits)
        assert winrm.endpoint.open_shells == 0
    assert limits.cancelled.is_set()
    assert winrm.actions.count("Signal") == 1


@pytest.mark.engine
def test_streams_come_while_the_script_runs(serve: Serve, pwsh: Path) -> None:
    """Records of the other streams are handed on as they come, in the waiting thread."""
    heard: list[StreamRecord] = []
    text = f"""
    $VerbosePreference = 'Continue'
    Write-Verbose 'looking'
    Write-Warning 'careful'
    Write-Information 'note'
    Write-Progress -Activity 'Binding' -Status 'one of two' -PercentComplete 50
    '{REPLY}'
    """
    with (
        serve(engine=lambda: PwshEngine(pwsh, environment={}, startup="")) as winrm,
        winrm.session() as session,
    ):
        session.invoke(Script(text), on_stream=heard.append)
    assert StreamRecord("verbose", "looking") in heard
    assert StreamRecord("warning", "careful") in heard
    assert StreamRecord("information", "note") in heard
    assert StreamRecord("progress", "Binding: one of two", 50) in heard


@pytest.mark.engine
@pytest.mark.parametrize("text", ["", "'a'; 'b'", "42", "Write-Error 'odd'"])
def test_one_text_is_a_reply_and_nothing_else(serve: Serve, pwsh: Path, text: str) -> None:
    """No output, two outputs and a number are ReplyErrors."""
    with (
        serve(engine=lambda: PwshEngine(pwsh, environment={}, startup="")) as winrm,
        winrm.session() as session,
        pytest.raises(ReplyError, match="one text was promised"),
    ):
        session.invoke(Script(f"{text} "))
    assert winrm.endpoint.open_shells == 0


MISTAKES = [
    {"auth": "basic"},
    {"pinned": Fingerprint("ab" * 20)},
    {"ca_file": Path(__file__)},
    {"ca_file": Path("/nowhere.pem"), "ssl": True},
    {"auth": "certificate"},
    {"auth": "certificate", "ssl": True},
    {"certificate_pem": Path("a.pem")},
    {"auth": "digest"},
    {"port": 0},
    {"address": "web01"},
    {"address": "127.0.0.1", "proxy": "http://proxy"},
    {"proxy": "proxy"},
    {"proxy": "proxy:8080"},
    {"proxy": "http://"},
    {"proxy": "http://[x"},
    {"proxy": "http://proxy:8080/path"},
    {"proxy": "http://proxy:http"},
    {"proxy": "socks5://proxy"},
    {"read_timeout": 0},
    {"reply_limit": 0},
    {"configuration_name": ""},
    {"host": "http://web01"},
    {"host": "web01:5985"},
    {"host": ""},
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_options_that_cannot_work_are_refused(mistake: dict[str, object]) -> None:
    """Options that contradict each other, or would bare a password, are refused when made."""
    with pytest.raises(InvalidInput):
        ConnectionOptions(**{"host": "web01", **mistake})  # type: ignore[arg-type]


@pytest.mark.parametrize("auth", ["ntlm", "basic", "credssp"])
def test_a_password_is_needed_where_it_is(auth: str) -> None:
    """These ways to log on are refused without a password, before anything is sent."""
    options = ConnectionOptions("web01", ssl=True, auth=auth)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="password"):
        RemoteSession(options)
    with pytest.raises(InvalidInput, match="password"):
        RemoteSession(options, Credential("someone"))


@pytest.mark.parametrize(
    ("auth", "module"), [("kerberos", "gssapi"), ("credssp", "requests_credssp")]
)
def test_a_missing_extra_is_named_before_anything_is_sent(
    winrm: Winrm, auth: str, module: str
) -> None:
    """Without the library behind a way to log on, no session is made; what to install is said."""
    if find_spec(module):
        pytest.skip(f"{module} is installed")
    command = rf"pip install 'psrebind\[{auth}\]'"
    with pytest.raises(InvalidInput, match=command):
        winrm.session(auth=auth)
    assert winrm.actions == []


def test_what_pip_needs_for_kerberos_is_said_here_and_on_its_page() -> None:
    """Its libraries are built where they are installed: the error and docs/install.md agree."""
    page = Path(__file__).parents[2].joinpath("docs", "install.md").read_text("utf-8")
    said = str(needs_extra(ConnectionOptions("web01", auth="kerberos")))
    for command in (
        "apt install gcc python3-dev libkrb5-dev",
        "dnf install gcc python3-devel krb5-devel",
    ):
        assert command in said
        assert f"`{command}`" in page
    assert "apt" not in str(needs_extra(ConnectionOptions("web01", auth="credssp", ssl=True)))


def test_pypsrp_is_not_imported_with_the_session() -> None:
    """Importing the session costs no pypsrp and no requests: the command line relies on it."""
    program = (
        "import sys, psrebind.sessions.remote;"
        "sys.exit(any(name in sys.modules for name in ('pypsrp', 'requests', 'keyring')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
