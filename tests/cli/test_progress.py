"""What a host says while it works, with its name: alone as among others."""

from __future__ import annotations

import pytest
from fakes import FakeSession

from psrebind.cli.asking import Visit
from psrebind.fleet.fleet import FleetHost
from psrebind.replies import Reply
from psrebind.script import Script
from psrebind.sessions.base import Limits, StreamRecord
from psrebind.templates import Library

RECORDS = [
    StreamRecord("warning", "careful\x1b[2J"),
    StreamRecord("verbose", "in detail"),
    StreamRecord("debug", "too much"),
    StreamRecord("progress", "half", 50),
]


def nobody(script: Script) -> Reply:
    """No script is sent here."""
    raise AssertionError(script)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("verbose", [True, False])
def test_messages_of_a_host(capsys: pytest.CaptureFixture[str], verbose: bool, alone: bool) -> None:
    """Warnings are always shown, verbose messages when asked for, each with its host's name."""
    visit = Visit(
        host=FleetHost("web01"),
        session=FakeSession(nobody),
        library=Library(),
        limits=Limits(),
        alone=alone,
        verbose=verbose,
    )
    with visit.sending() as sending:
        assert sending.on_stream
        for record in RECORDS:
            sending.on_stream(record)
    said = capsys.readouterr()
    assert said.out == ""
    lines = ["warning: careful\\u001b[2J", "verbose: in detail"][: 1 + verbose]
    assert said.err.splitlines() == [f"psrebind: web01: {line}" for line in lines]
