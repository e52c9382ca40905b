"""What the tests of the command line need: the command itself, and a lab without PowerShell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.command_line import Command, Ran
from cli.fifty_hosts import COUNT, Many, written
from labs import running

from psrebind.cli import main
from psrebind.lab.stage.lab import Lab


@pytest.fixture
def psrebind(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run one command line as the process would; no password is in the environment."""
    monkeypatch.delenv("PSREBIND_PASSWORD", raising=False)

    def run(*words: str) -> Ran:
        capsys.readouterr()
        status = main(words)
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The three hosts of the demo on the air, answered by the model."""
    with running(tmp_path_factory.mktemp("lab"), None) as found:
        yield found


@pytest.fixture
def as_admin(
    psrebind: Command, lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """Run one command line with the lab's password where it is looked for."""
    monkeypatch.setenv("PSREBIND_PASSWORD", lab.password)
    monkeypatch.setenv("PSREBIND_BEFORE_FOLDER", str(tmp_path / "before"))

    def run(command: str, *words: str) -> Ran:
        return psrebind(command, *words, "--user", lab.user)

    return run


@pytest.fixture(scope="module")
def fifty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Fifty hosts without PowerShell."""
    names = [f"web{number:02}" for number in range(1, COUNT + 1)]
    with running(tmp_path_factory.mktemp("fifty"), None, names=names) as lab:
        yield lab


@pytest.fixture
def inventory(fifty: Lab, tmp_path: Path) -> Path:
    """The fifty hosts in a file, with their user."""
    return written(tmp_path, {name: host.address for name, host in fifty.hosts.items()}, fifty)


@pytest.fixture
def many(psrebind: Command, fifty: Lab, inventory: Path, monkeypatch: pytest.MonkeyPatch) -> Many:
    """Run one command line with the inventory and the password where they are looked for."""
    monkeypatch.setenv("PSREBIND_PASSWORD", fifty.password)
    monkeypatch.setenv("PSREBIND_INVENTORY", str(inventory))
    monkeypatch.setenv("PSREBIND_BEFORE_FOLDER", str(inventory.parent / "before"))
    return psrebind
