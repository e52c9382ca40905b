"""What a look at the help costs."""

from __future__ import annotations

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
