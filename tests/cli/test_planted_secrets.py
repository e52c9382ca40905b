"""A planted password is in no log, traceback, file, script, output or process list."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from labs import running as on_the_air

from psrebind.lab.engines.model.replies import Answers
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.lab.stage import lab as runtime
from psrebind.lab.stage.lab import Lab

# Every library logs all that it ever would; `broken` makes a bug in the midst of a host's work.
DRIVER = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv[1])
from psrebind.cli import main
from psrebind.services import iis_bindings
if sys.argv[2] == "broken":
    iis_bindings.binding_lines = lambda *_: [][1]
sys.exit(main(sys.argv[3:]))
"""
WRONG = "Wrong-Pumpkin-4711"
scripts: list[str] = []


class Remembering(Answers):
    """Answers as the model does, and remembers what it was sent."""

    def __call__(self, script: str, parameters: Mapping[str, object]) -> str:
        """Note script, parameters and reply."""
        reply = super().__call__(script, parameters)
        scripts.append(f"{script}\n{parameters}\n{reply}")
        return reply


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three hosts that remember what they were sent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "Answers", Remembering)
        with on_the_air(tmp_path_factory.mktemp("lab"), None) as lab:
            yield lab


@pytest.fixture
def folder(tmp_path: Path, lab: Lab) -> Path:
    """Where everything that a command writes comes to lie, the log included."""
    for name in ("tmp", "home", "before"):
        (tmp_path / name).mkdir()
    return tmp_path


def inventory(folder: Path, lab: Lab, password: str | None, more: str = "") -> Path:
    """The hosts, with a password in clear where one is given; outside of what is searched."""
    path = folder.parent / f"{folder.name}-hosts.ini"
    own = f" ansible_password={password}" if password else ""
    own += more
    lines = [
        f"{name} ansible_host={host.address} ansible_user={lab.user}{own}\n"
        for name, host in lab.hosts.items()
    ]
    path.write_text("".join(["[web]\n", *lines]), "utf-8")
    return path


def shapes(secret: str, user: str) -> list[bytes]:
    """A secret as it may stand somewhere: in clear, in UTF-16, and in base64 of several things."""
    plain, wide = secret.encode(), secret.encode("utf-16-le")
    basic = f"{user}:{secret}".encode()
    return [
        plain,
        wide,
        plain.hex().encode(),
        wide.hex().encode(),
        *(base64.b64encode(one).rstrip(b"=")[:-1] for one in (plain, wide, basic)),
    ]


def run(
    folder: Path,
    words: list[str],
    password: str,
    *,
    how: str = "well",
    variable: str = "PSREBIND_PASSWORD",
) -> tuple[int, bytes]:
    """Run a command to its end; its status, and everything that anybody could see of it."""
    environment = os.environ | {
        variable: password,
        "PSREBIND_BEFORE_FOLDER": str(folder / "before"),
        "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder / "home"),
        "XDG_DATA_HOME": str(folder / "home"),
    }
    command = [sys.executable, "-c", DRIVER, str(folder / "log"), how, *words]
    seen = set()
    with (
        (folder / "out").open("wb") as out,
        (folder / "err").open("wb") as err,
        subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        ) as process,
    ):
        running = True
        while running:
            seen |= {process_list(), below(process.pid)}
            try:
                process.wait(0.1)
                running = False
            except subprocess.TimeoutExpired:
                continue
    return process.returncode, b"\n".join(seen)


def process_list() -> bytes:
    """The arguments of every process of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return b"\n".join(found)


def below(process: int) -> bytes:
    """The environment of what a process has started."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            for child in task.read_text("ascii").split():
                found.append(Path(f"/proc/{child}/environ").read_bytes())
                found.append(below(int(child)))
        except OSError:
            continue
    return b"\n".join(found)


def written(folder: Path) -> dict[str, bytes]:
    """Every file that the command has written."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


CASES = {
    "good": (["bindings", "all", "-v"], 0, "well"),
    "changing": (["task", "enable", "all", "--yes", "-f", "json"], 0, "well"),
    "over HTTPS": (["hosts", "all", "--ssl", "--auth", "basic", "-f", "csv"], 0, "well"),
    "cut": (["bindings", "all"], 4, "well"),
    "bug": (["bindings", "all"], 1, "broken"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_password_is_nowhere(folder: Path, lab: Lab, name: str) -> None:
    """Whatever a command does, and however it ends."""
    words, expected, how = CASES[name]
    if "--ssl" in words:
        words = [*words, "--ca-file", str(lab.authority_file)]
    if name == "cut":
        lab.hosts["web02"].faults.arm(NetworkFault.CUT_AFTER, number=5)
    given = [*words, "-i", str(inventory(folder, lab, None))]
    status, processes = run(folder, given, lab.password, how=how)
    lab.hosts["web02"].faults.disarm()
    assert status == expected, (folder / "err").read_text()
    assert_unseen(lab.password, lab, folder, processes)


def test_a_wrong_password_is_nowhere(folder: Path, lab: Lab) -> None:
    """A refusal does not say what was refused."""
    given = ["bindings", "all", "-i", str(inventory(folder, lab, None))]
    status, processes = run(folder, given, WRONG, how="well")
    assert status == 4
    assert_unseen(WRONG, lab, folder, processes)


def test_a_password_of_the_inventory_is_nowhere(folder: Path, lab: Lab) -> None:
    """The warning about it names its place, not its text."""
    given = ["bindings", "all", "-i", str(inventory(folder, lab, lab.password))]
    status, processes = run(folder, given, "", how="well")
    assert status == 0
    assert b"password" in (folder / "err").read_bytes()
    assert_unseen(lab.password, lab, folder, processes)


def test_a_password_of_another_variable_is_nowhere(folder: Path, lab: Lab) -> None:
    """Whatever the variable is called that --password-env names."""
    given = ["bindings", "all", "-i", str(inventory(folder, lab, None)), "--password-env", "OTHER"]
    status, processes = run(folder, given, lab.password, variable="OTHER")
    assert status == 0, (folder / "err").read_text()
    assert_unseen(lab.password, lab, folder, processes)


@pytest.mark.parametrize("variable", ["PSREBIND_PASSWORD", "OTHER"])
def test_the_powershell_of_this_machine_gets_no_password(
    folder: Path, lab: Lab, pwsh: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """It is for other hosts, and what the local scripts start must not inherit it."""
    monkeypatch.setenv("SYSTEMROOT", "/windows")
    monkeypatch.setenv("PSREBIND_PWSH", str(pwsh))
    given = ["bindings", "localhost", "--password-env", variable]
    status, processes = run(folder, given, WRONG, variable=variable)
    assert status == 2, (folder / "err").read_text()
    assert b"PATH=" in processes
    assert_unseen(WRONG, lab, folder, processes)


def test_a_password_of_a_proxy_is_nowhere(folder: Path, lab: Lab) -> None:
    """A proxy that is not there is told of without its password, and so is the host's own."""
    proxy = f" ansible_psrp_proxy=http://somebody:{WRONG}@127.0.0.1:1"
    path = inventory(folder, lab, lab.password, proxy)
    status, processes = run(folder, ["bindings", "all", "-i", str(path)], "")
    assert status == 4, (folder / "err").read_text()
    assert_unseen(WRONG, lab, folder, processes)
    assert_unseen(lab.password, lab, folder, processes)


def assert_unseen(secret: str, lab: Lab, folder: Path, processes: bytes) -> None:
    """Look for every shape of a secret in all that was seen; the log is there at all."""
    places = written(folder) | {
        "process list": processes,
        "scripts": "\n".join(scripts).encode("utf-8", "surrogatepass"),
    }
    assert b"DEBUG" in places[str(folder / "log")]
    assert b"DRIVER" in processes or b"psrebind.cli" in processes
    found = [
        (place, shape)
        for place, text in places.items()
        for shape in shapes(secret, lab.user)
        if shape in text
    ]
    assert not found


def test_the_search_finds_a_secret(folder: Path, lab: Lab) -> None:
    """A secret in any shape, in any file, would be found."""
    for number, shape in enumerate(shapes(WRONG, lab.user)):
        (folder / "log").write_bytes(b"DEBUG " + shape)
        with pytest.raises(AssertionError):
            assert_unseen(WRONG, lab, folder, f"psrebind.cli {number}".encode())
