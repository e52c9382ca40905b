"""Sentences and exit statuses of what goes wrong before a host is reached, and on the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from cli.command_line import Command

from psrebind import __version__
from psrebind.cli.command_line import conclude
from psrebind.errors import (
    AuthenticationError,
    ConnectError,
    InvalidInput,
    PsrebindError,
    ReplyError,
    ScriptError,
    SessionLost,
)
from psrebind.lab.stage.lab import Lab

OLD = "a" * 40
NEW = "b" * 40


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("nonsense", "No such command 'nonsense'. See 'psrebind --help'"),
        ("bindings", "Missing argument 'TARGET'. See 'psrebind bindings --help'"),
        ("bindings web01 --port no", "Invalid value for '--port'"),
        ("bindings web01 --format xml", "Invalid value for '--format'"),
        ("bindings web01 --nonsense", "No such option: --nonsense"),
        ("bindings web01 --templates /no/such", "'/no/such' does not exist"),
        ("bindings https://web01", "is not the name or the address of a host"),
        ("bindings web01 --auth basic --user x", "basic without ssl sends the password"),
        ("bindings web01 --pin abc --ssl", "is not a SHA-1 or SHA-256 fingerprint"),
        ("bindings web01 --ca-file ca.pem", "a CA file needs ssl"),
        ("bindings web01 --user x", "environment variable PSREBIND_PASSWORD, or use --keyring"),
        ("bindings web01 --user x --password-env NIX", "environment variable NIX, or"),
        (f"rebind web01 --old xyz --new {NEW}", "'xyz' is not a thumbprint: 40 hex digits"),
        (f"rebind web01 --old {OLD} --new {OLD}", "the old and the new certificate are the same"),
        (f"rebind web01 --old {OLD}", "Missing option '--new'"),
        (f"rebind web01 --old {OLD} --new {NEW} --method x", "Invalid value for '--method'"),
        ("render get_weather", "there is no operation 'get_weather'; there are: get_certificate"),
        ("render set_iis_binding", "set_iis_binding: missing: site, information"),
        ("render get_host nonsense=1", "get_host: there is no parameter 'nonsense'"),
        ("render invoke_iis_renewal options=x", "invoke_iis_renewal.options: 'x' is not a JSON"),
        ("invoke get_weather web01", "there is no operation 'get_weather'"),
        ("lab status --folder /no/such", "no lab runs in /no/such"),
    ],
)
def test_wrong_input_is_one_sentence_and_5(psrebind: Command, words: str, sentence: str) -> None:
    """Nothing was sent: the sentence says what to type, without a traceback."""
    ran = psrebind(*words.split())
    assert ran.status == 5
    assert ran.out == ""
    assert sentence in ran.err
    assert ran.err.startswith("psrebind: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(("words", "heading"), [((), "Look:"), (("lab",), "Commands:")])
def test_no_command_shows_the_help_on_stderr(
    psrebind: Command, words: tuple[str, ...], heading: str
) -> None:
    """Who types no command gets the list of them, and status 5."""
    ran = psrebind(*words)
    assert (ran.status, ran.out) == (5, "")
    assert "a command is missing" in ran.err
    assert heading in ran.err


def test_version(psrebind: Command) -> None:
    """The version is the package's."""
    ran = psrebind("--version")
    assert (ran.status, ran.out, ran.err) == (0, f"psrebind {__version__}\n", "")


def test_a_closed_port_is_4(psrebind: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens: the host was not reached."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "x")
    ran = psrebind("hosts", "127.0.0.1", "--port", "1", "-u", "x")
    assert (ran.status, ran.out) == (4, "")
    assert "127.0.0.1: port 1 is closed" in ran.err


def test_an_unknown_name_is_4(psrebind: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve is said to be one."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "x")
    ran = psrebind("hosts", "host.invalid", "-u", "x")
    assert ran.status == 4
    assert "host.invalid: the name does not resolve" in ran.err


def test_an_unknown_session_configuration_is_4(as_admin: Command, lab: Lab) -> None:
    """It is named, with where to look for those that there are."""
    ran = as_admin("hosts", lab.hosts["web01"].address, "--configuration-name", "nope")
    assert ran.status == 4
    assert "there is no session configuration nope. See Get-PSSessionConfiguration" in ran.err


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


def test_the_time_limit_of_a_command_is_4(
    psrebind: Command, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that never answers is given up when the limit has passed; nothing ran."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "x")
    port = str(silent.getsockname()[1])
    words = ("hosts", "127.0.0.1", "--port", port, "-u", "x", "--timeout", "0.5")
    ran = psrebind(*words)
    assert ran.status == 4
    assert "the time limit of 0.5 s has passed" in ran.err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_is_130(silent: socket.socket) -> None:
    """A person ends a command that waits: one word, no traceback."""
    port = str(silent.getsockname()[1])
    words = ["hosts", "127.0.0.1", "--port", port, "-u", "x"]
    with subprocess.Popen(
        [sys.executable, "-m", "psrebind", *words],
        env=os.environ | {"PSREBIND_PASSWORD": "x"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        with connection:
            _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "psrebind: interrupted\n"


def test_a_bug_is_1_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw shows where it happened, and says that it is a bug."""
    assert conclude(lambda: 1 // 0) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert said.endswith(
        "psrebind: this is a bug in psrebind: please report it with the lines above\n"
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("said"), 5),
        (ConnectError("web01", "said"), 4),
        (AuthenticationError("web01", "said"), 4),
        (SessionLost("web01", "said"), 6),
        (ScriptError("said"), 2),
        (ReplyError("said"), 2),
    ],
)
def test_each_error_is_its_status(
    capsys: pytest.CaptureFixture[str], error: PsrebindError, status: int
) -> None:
    """An error of psrebind's own is one sentence and the status of its class."""

    def fails() -> int:
        raise error

    assert conclude(fails) == status
    assert capsys.readouterr().err == f"psrebind: {error}\n"


def test_a_reader_that_leaves_is_no_bug() -> None:
    """``psrebind render … | head -1`` ends quietly, with the command's own status."""
    command = [sys.executable, "-m", "psrebind", "render", "get_host"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_question_has_one_mark(psrebind: Command) -> None:
    """What typer asks of a mistyped command ends with its own mark."""
    assert psrebind("notifi").err == (
        "psrebind: No such command 'notifi'. Did you mean 'notify'? See 'psrebind --help'\n"
    )
