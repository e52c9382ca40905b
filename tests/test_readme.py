"""Each command of the README and of the pages in docs that needs no real Windows is run as it is
typed there, and their other promises that can be looked up are kept.
"""

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

from psrebind.fleet.inventory.file import parse_inventory
from psrebind.lab.stage.lab import Lab

CHECKOUT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(CHECKOUT).as_posix(): path.read_text("utf-8")
    for path in (
        CHECKOUT / "README.md",
        CHECKOUT / "CONTRIBUTING.md",
        *sorted((CHECKOUT / "docs").glob("*.md")),
    )
}
ALL_PAGES = "\n".join(PAGES.values())
BIN = Path(sys.executable).parent
SECONDS = 600

# What a page says of a host of the reader's own is run against a lab host in its place.
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
    "make lint": ".ci/run runs it",
    'make test ARGS="tests/test_readme.py"': "this is it",
    'PSREBIND_PWSH=/path/to/pwsh make test ARGS="-m engine"': ".ci/run runs it",
    "pipx install .": "test_an_installer_installs",
    "uv tool install .": "test_an_installer_installs",
    "pip install .": "tests/test_package.py installs with pip",
    "pipx install '.[lab]'": "tests/test_package.py installs with the extra",
    "psrebind bindings localhost": "needs Windows",
    "py -m pip install pipx": "needs Windows",
    "py -m pipx install .": "needs Windows",
    "py -m pipx ensurepath": "needs Windows",
}
# Words in prose that stand for a command and are not one that can be typed as it stands.
NOT_TYPED = {
    "psrebind",
    *(f"psrebind {word}" for word in ("demo", "hosts", "bindings", "render", "invoke")),
}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str = "") -> list[str]:
    """The code blocks of a language on all pages; commands stand in those without one."""
    return [block for found, block in BLOCK.findall(ALL_PAGES) if found == language]


def commands() -> list[str]:
    """Every line of the blocks without a language, and every command and installer's in prose."""
    lines = (line.partition("  #")[0].rstrip() for line in "".join(blocks()).splitlines())
    said = re.findall(r"`((?:pip|pipx|uv|py|psrebind) [^`\n]+)`", BLOCK.sub("", ALL_PAGES))
    return [*dict.fromkeys(one for one in (*lines, *said) if one and one not in NOT_TYPED)]


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
    """Where the inventory of the pages lies."""
    return lab.folder / INVENTORY


@pytest.fixture(scope="module")
def environment(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A reader's shell: the virtual environment's commands, a home of its own, the password."""
    home = tmp_path_factory.mktemp("home")
    # What `make test ARGS=…` was called with goes on to a make of ours, in two ways.
    of_this_run = ("PSREBIND", "MAKE", "ARGS")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(of_this_run)}
    return kept | {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PSREBIND_PASSWORD": lab.password,
        "PSREBIND_INVENTORY": "",
    }


def on_the_lab(line: str, lab: Lab) -> str:
    """A command of a page with a lab host in the place of the reader's."""
    swap = next(one for one in lab.scenario.summary if one.host == "web01")
    text = line.replace(REAL_USER, lab.user).replace(REAL_HOST, lab.hosts["web01"].address)
    text = text.replace("--old THUMBPRINT", f"--old {swap.old}")
    text = text.replace("--new THUMBPRINT", f"--new {swap.new}")
    text = text.replace(INVENTORY, shlex.quote(str(inventory_of(lab))))
    text = text.replace("decode FILE", f"decode {shlex.quote(str(EVENTS))}")
    text = text.replace(".venv/bin", shlex.quote(str(BIN)))
    # The reader's network may be in use by another worker's lab.
    return text.replace("psrebind lab up", f"psrebind lab up --network {other_network()} --model")


def other_network() -> str:
    """A loopback network beside this process's own."""
    first, second, third = network().split(".")
    return f"{first}.{second}.{int(third) + 250 - 1 if int(third) < 5 else int(third) - 1}"


def test_the_pages_have_commands() -> None:
    """The list is not empty, and the two first commands are in it."""
    assert {"make demo", "make test", "psrebind lab up"} <= set(commands())
    assert set(ELSEWHERE) <= set(commands())


@pytest.mark.parametrize("line", for_the_lab())
def test_a_command_of_a_page(line: str, lab: Lab, environment: dict[str, str]) -> None:
    """The command does what its page promises: it ends with 0, or 3 where a person is needed."""
    finished = subprocess.run(
        ["sh", "-c", on_the_lab(line, lab)],
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


def test_the_python_of_the_pages(lab: Lab, environment: dict[str, str]) -> None:
    """The Python asks the hosts of the inventory that it names."""
    (code,) = blocks("python")
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


@pytest.mark.parametrize("ending", ["yaml", "ini", "csv"])
def test_the_inventories_of_the_pages(ending: str) -> None:
    """Each form that is shown is read, and names the same two hosts of one group and user."""
    for text in blocks(ending):
        found = parse_inventory(text, file=f"hosts.{ending}")
        assert found.groups["webservers"] == ("web01", "web02")
        assert [host.variables for host in found.hosts] == [
            {"ansible_host": f"{host.name}.example.com", "ansible_user": r"EXAMPLE\admin"}
            for host in found.hosts
        ]


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    """Each link to a file of the project, and to a heading in it, is to one that is there."""
    for name, anchor in re.findall(r"\]\(([^):#]*)#?([^):]*)\)", PAGES[page]):
        path = (CHECKOUT / page).parent / name
        assert path.exists(), name
        if anchor:
            headings = re.findall("^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings]


def test_the_files_that_the_pages_name_are_there() -> None:
    """A path of the project or of its package leads somewhere; an X stands for a name."""
    prose = BLOCK.sub("", ALL_PAGES)
    named = set(re.findall(r"`((?:psrebind/|ps_templates/|tests/|docs/|tools/)[\w./]*)`", prose))
    named |= {
        f"psrebind/{path}" for path in re.findall(r"`((?:cli|rebind|sessions)/[\w./]*)`", prose)
    }
    missing = {path for path in named if "X" not in path and not (CHECKOUT / path).exists()}
    assert not missing


@pytest.mark.parametrize("line", ["pipx install .", "uv tool install ."])
def test_an_installer_installs(line: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The installers make a psrebind that runs outside the checkout."""
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
