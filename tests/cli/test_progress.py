"""What a host says while it works."""

from __future__ import annotations

import pytest

from psrebind.cli.progress import Progress
from psrebind.sessions.base import StreamRecord

RECORDS = [
    StreamRecord("warning", "careful\x1b[2J"),
    StreamRecord("verbose", "in detail"),
    StreamRecord("debug", "too much"),
    StreamRecord("progress", "half", 50),
]


@pytest.mark.parametrize(
    ("verbose", "lines"),
    [
        (False, ["warning: careful\\u001b[2J"]),
        (True, ["warning: careful\\u001b[2J", "verbose: in detail"]),
    ],
)
def test_messages_of_a_host(
    capsys: pytest.CaptureFixture[str], verbose: bool, lines: list[str]
) -> None:
    """Warnings are always shown, verbose messages when asked for, nothing on stdout."""
    with Progress("asking web01", verbose=verbose) as progress:
        for record in RECORDS:
            progress.on_stream(record)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == lines
