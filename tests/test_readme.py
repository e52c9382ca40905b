"""Each command of the README that needs no real Windows is run, as it is typed there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import network, running

from psrebind.lab.stage.lab import Lab

CHECKOUT = Path(__file__).parents[1]
README = (CHECKOUT / "README.md").read_text("utf-8")
BIN = Path(sys.executable).parent
SECONDS = 600

# What the README says of a host of the reader's own is run against a lab host in its place.
REAL_HOST = "web01.example.com"
REAL_USER = r"'EXAMPLE\admin'"
INVENTORY = "hosts.yml"
EVENTS = CHECKOUT / "tests" / "data" / "events" / "1001-replaced.xml"
# web01 has a binding whose name the new certificate loses: its rebind is refused in part, and
# after it two certificates of one template are bound there, for which the task is not enabled.
NEEDS_A_PERSON = (
    "psrebind rebind ",
    "task enable web01",
    "psrebind replay ",
    "psrebind notify ",
)
# Not run here, each with the reason.
ELSEWHERE = {
    "make demo": "tests/cli/test_demo.py runs it",
    "make test": "this is it",
    "pipx install .": "test_an_installer_installs",
    "uv tool install .": "test_an_installer_installs",
    "pipx install '.[lab]'": "tests/test_package.py installs with the extra",
    "psrebind bindings localhost": "needs Windows",
    "py -m pip install pipx": "needs Windows",
    "py -m pipx install .": "needs Windows",
}


# Words in prose that stand for a command and are not one that can be typed as it stands.
NOT_TYPED = {"psrebind", "psrebind demo", "psrebind hosts", "psrebind bindings", "psrebind render"}


def commands() -> list[str]:
    """Every line of the README's code blocks, every installer's, and every command in its prose."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    typed = [block for language, block in blocks if not language]
    lines = [line for block in typed for line in block.splitlines() if line.strip()]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    said = re.findall(r"`((?:pipx|uv|py|psrebind) [^`]+)`", prose)
    return [*dict.fromkeys([*joined, *(one for one in said if one not in NOT_TYPED)])]


def for_the_lab() -> list[str]:
    """The commands that are run here, in their order."""
    return [line for line in commands() if line not in ELSEWHERE]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The hosts that stand for the reader's, and the inventory of them."""
    with running(tmp_path_factory.mktemp("lab"), None) as found:
        hosts = {
            name: {"ansible_host": host.address, "ansible_user": found.user}
            for name, host in found.hosts.items()
        }
        # JSON is YAML.
        inventory_of(found).write_text(json.dumps({"webservers": {"hosts": hosts}}), "utf-8")
        yield found


def inventory_of(lab: Lab) -> Path:
    """Where the README's inventory lies."""
    return lab.folder / INVENTORY


@pytest.fixture(scope="module")
def environment(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A reader's shell: the virtual environment's commands, a home of its own, the password."""
    home = tmp_path_factory.mktemp("home")
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PSREBIND")}
    return kept | {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PSREBIND_PASSWORD": lab.password,
        "PSREBIND_INVENTORY": "",
    }


def on_the_lab(line: str, lab: Lab) -> list[str]:
    """A command of the README with a lab host in the place of the reader's."""
    swap = next(one for one in lab.scenario.summary if one.host == "web01")
    text = line.replace(REAL_USER, lab.user).replace(REAL_HOST, lab.hosts["web01"].address)
    text = text.replace("--old THUMBPRINT", f"--old {swap.old}")
    text = text.replace("--new THUMBPRINT", f"--new {swap.new}")
    text = text.replace(INVENTORY, shlex.quote(str(inventory_of(lab))))
    text = text.replace("decode FILE", f"decode {shlex.quote(str(EVENTS))}")
    words = shlex.split(text)
    if words[:3] == ["psrebind", "lab", "up"]:
        # The reader's network may be in use by another worker's lab.
        words += ["--network", other_network(), "--model"]
    return words


def other_network() -> str:
    """A loopback network beside this process's own."""
    first, second, third = network().split(".")
    return f"{first}.{second}.{int(third) + 250 - 1 if int(third) < 5 else int(third) - 1}"


def test_the_readme_has_commands() -> None:
    """The list is not empty, and the two first commands are in it."""
    assert {"make demo", "make test", "psrebind lab up"} <= set(commands())
    assert set(ELSEWHERE) <= set(commands())


@pytest.mark.parametrize("line", for_the_lab())
def test_a_command_of_the_readme(line: str, lab: Lab, environment: dict[str, str]) -> None:
    """The command does what the README promises: it ends with 0, or 3 where a person is needed."""
    finished = subprocess.run(
        on_the_lab(line, lab),
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    expected = 3 if any(words in line for words in NEEDS_A_PERSON) else 0
    assert finished.returncode == expected, finished.stdout + finished.stderr


def test_the_python_of_the_readme(lab: Lab, environment: dict[str, str]) -> None:
    """The README's Python asks the hosts of the inventory that it names."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=inventory_of(lab).parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    names = {line.split()[0] for line in finished.stdout.splitlines()}
    assert names == set(lab.hosts)
    assert "bodies=(Body(operation='get_iis_binding'" in finished.stdout


@pytest.mark.parametrize("line", ["pipx install .", "uv tool install ."])
def test_an_installer_installs(line: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The installers of the README make a psrebind that runs outside the checkout."""
    place = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "UV_TOOL_DIR": str(tmp_path / "uv"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_PYTHON": sys.executable,
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }
    settings = environment | place
    for words, folder in ((shlex.split(line), CHECKOUT), (["psrebind", "--version"], tmp_path)):
        program = tmp_path / "bin" / words[0] if words[0] == "psrebind" else BIN / words[0]
        finished = subprocess.run(
            [str(program), *words[1:]],
            cwd=folder,
            env=settings,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout.strip().startswith("psrebind")
