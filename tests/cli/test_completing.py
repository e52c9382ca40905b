"""What a shell gets that asks to have words completed, and what that costs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
from psrebind.cli import main
status = main([])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def completed(words: str) -> tuple[list[str], set[str]]:
    """What bash is offered for the last of some words, and the libraries that took."""
    asked = {
        "_PSREBIND_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return finished.stdout.split(), set(finished.stderr.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("psrebind reb", "rebind"),
        ("psrebind lab u", "up"),
        ("psrebind rebind --meth", "--method"),
        ("psrebind rebind --method app", "appcmd"),
        ("psrebind events dec", "decode"),
        ("psrebind lab up --eng", "--engine"),
        ("psrebind render get_h", "get_host"),
    ],
)
def test_words_are_completed(words: str, offered: str) -> None:
    """Commands, options, choices and operations are offered, of commands in groups too."""
    assert offered in completed(words)[0]


def test_completing_a_command_converts_nothing() -> None:
    """Neither pydantic nor anything that talks to hosts is loaded for it."""
    offered, loaded = completed("psrebind re")
    assert {"rebind", "render"} <= set(offered)
    assert not {"pydantic", "rich", "jinja2", "pypsrp", "cryptography"} & loaded
