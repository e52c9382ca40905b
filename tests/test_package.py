"""The package as users get it: built, installed in a fresh environment, used outside the checkout.

Needs the package index that pip is set up for, as making the development environment did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from labs import network

from psrebind import __version__
from psrebind.operations import names, render
from psrebind.operations.get_host import GetHost

CHECKOUT = Path(__file__).parents[1]
PACKAGES = ("psrebind", "ps_templates")
SECONDS = 300
# The installed lab and the installed command, without a word of the checkout's.
INVOCATION = """
import os, subprocess, sys
from pathlib import Path
from psrebind.lab.stage.lab import Lab

with Lab.create(Path("lab"), network=sys.argv[1]).running() as lab:
    os.environ["PSREBIND_PASSWORD"] = lab.password
    address = lab.hosts["web01"].address
    words = [*sys.argv[2:], "invoke", "get_host", address, "--user", lab.user, "--format", "json"]
    sys.exit(subprocess.run(words).returncode)
"""


@dataclass(frozen=True)
class Built:
    """The two archives that are published."""

    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel in it, and a folder that is no checkout."""

    environment: Path
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.environment / ("Scripts" if os.name == "nt" else "bin") / "python"

    @property
    def command(self) -> Path:
        """Its psrebind."""
        return self.python.with_name("psrebind")

    def run(self, *words: str | Path) -> str:
        """What a command line prints outside the checkout; raises where its status is not 0."""
        return _run(self.folder, *words)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The source archive of the checkout, and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("dist")
    _run(CHECKOUT, sys.executable, "-m", "hatchling", "build", "--target", "sdist", "-d", folder)
    (sdist,) = folder.glob("*.tar.gz")
    _run(folder, sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, sdist)
    (wheel,) = folder.glob("*.whl")
    return Built(sdist, wheel)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel and what it needs, its lab's needs too, in an environment of their own."""
    environment, folder = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("outside")
    venv.create(environment, with_pip=True)
    found = Installed(environment, folder)
    found.run(found.python, "-m", "pip", "install", f"{built.wheel}[lab]")
    return found


def _run(folder: Path, *words: str | Path) -> str:
    clean = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    clean["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    finished = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def _sources() -> set[str]:
    """The files of both packages, as the checkout has them."""
    files = (path for package in PACKAGES for path in (CHECKOUT / package).rglob("*"))
    kept = (path for path in files if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(CHECKOUT).as_posix() for path in kept}


def test_the_wheel_is_both_packages_and_nothing_else(built: Built) -> None:
    """Templates, the lab's stubs and the mark of a typed package are in it; no test is."""
    with zipfile.ZipFile(built.wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == _sources()
    assert {"psrebind/py.typed", "ps_templates/_envelope.ps1.j2"} <= found


def test_the_source_archive_has_the_tests(built: Built) -> None:
    """Who packages psrebind for a distribution can run its tests."""
    with tarfile.open(built.sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/test_package.py", "pyproject.toml", "README.md", "LICENSE"} <= found
    assert _sources() <= found


def test_the_installed_command_says_its_version(installed: Installed) -> None:
    """The script and ``python -m psrebind`` are there, and are this version."""
    expected = f"psrebind {__version__}\n"
    assert installed.run(installed.command, "--version") == expected
    assert installed.run(installed.python, "-m", "psrebind", "--version") == expected


def test_the_installed_command_finds_its_templates(installed: Installed) -> None:
    """Each operation is listed, and a script is rendered as in the checkout."""
    listed = installed.run(installed.command, "operations", "--format", "csv")
    assert [name for name in names() if name not in listed] == []
    assert installed.run(installed.command, "render", "get_host") == render([GetHost()]).text


def test_the_installed_command_asks_a_host(installed: Installed) -> None:
    """The installed lab's host answers the installed command."""
    words = (installed.python, "-c", INVOCATION, network(), installed.command)
    assert '"name": "web01"' in installed.run(*words)


def test_the_installed_package_is_typed(installed: Installed) -> None:
    """A type checker of somebody else's project sees psrebind's types."""
    (installed.folder / "project.py").write_text(
        "from psrebind.model import Thumbprint\n\nnumber: int = Thumbprint('')\n",
        encoding="utf-8",
    )
    words = (sys.executable, "-m", "mypy", "--python-executable", installed.python, "project.py")
    finished = subprocess.run(
        [str(word) for word in words],
        cwd=installed.folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert 'expression has type "Thumbprint", variable has type "int"' in finished.stdout
