"""What the help says, and what a look at it costs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = {"pypsrp", "requests", "spnego", "jinja2", "cryptography", "yaml", "aiohttp", "rich"}
SCRIPT = """
import sys
from psrebind.cli import main
status = main(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["rebind", "--help"], ["lab", "up", "-h"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """Help and version come without the libraries that talk to hosts."""
    command = [sys.executable, "-c", SCRIPT, *words]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "psrebind" in finished.stdout
    assert not HEAVY & set(finished.stderr.split())


def test_the_package_is_a_command() -> None:
    """``python -m psrebind`` is the same command, and its status the process's."""
    command = [sys.executable, "-m", "psrebind", "nonsense"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 5
    assert finished.stdout == ""
    assert finished.stderr == ("psrebind: No such command 'nonsense'. See 'psrebind --help'\n")


# In the order of their use.
GROUPS = {
    "Look": ["hosts", "bindings", "certificates", "check-host", "events"],
    "Change": ["replay", "rebind", "notify", "task"],
    "Scripts": ["operations", "render", "invoke"],
    "Lab": ["demo", "lab"],
}


def helped(*words: str) -> list[str]:
    """The lines of a help on 80 columns."""
    command = [sys.executable, "-m", "psrebind", *words, "--help"]
    environment = {**os.environ, "COLUMNS": "80"}
    return subprocess.check_output(command, env=environment, text=True, timeout=60).splitlines()


def test_commands_stand_in_groups() -> None:
    """A newcomer sees what only looks, what changes, what is for scripts, and the lab."""
    found: dict[str, list[str]] = {}
    lines = helped()
    for line in lines[lines.index("Look:") :]:
        if line.endswith(":"):
            heading = line.removesuffix(":")
            found[heading] = []
        elif line.strip():
            found[heading].append(line.split()[0])
    assert found == GROUPS


@pytest.mark.parametrize("words", [[], ["events"], ["task"], ["lab"]])
def test_each_command_has_one_whole_line(words: list[str]) -> None:
    """On 80 columns no sentence is cut, and none goes on in the next line."""
    lines = helped(*words)
    begin = next(at for at, line in enumerate(lines) if line in ("Look:", "Commands:"))
    listed = [line for line in lines[begin:] if line.startswith("  ")]
    assert all(line[2] != " " and "..." not in line and len(line) <= 80 for line in listed)
