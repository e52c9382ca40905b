"""What a host says while it works, with its name: alone as among others."""

from __future__ import annotations

import pytest

from psrebind.cli.output.many_hosts import ManyHostsView
from psrebind.cli.output.one_host import OneHostView
from psrebind.fleet.fleet import Fleet
from psrebind.fleet.host import FleetHost
from psrebind.sessions.base import StreamRecord

RECORDS = [
    StreamRecord("warning", "careful\x1b[2J"),
    StreamRecord("verbose", "in detail"),
    StreamRecord("debug", "too much"),
    StreamRecord("progress", "half", 50),
]


@pytest.mark.parametrize("view", [OneHostView, ManyHostsView])
@pytest.mark.parametrize("verbose", [True, False])
def test_messages_of_a_host(
    capsys: pytest.CaptureFixture[str], verbose: bool, view: type[OneHostView | ManyHostsView]
) -> None:
    """Warnings are always shown, verbose messages when asked for, each with its host's name."""
    host = FleetHost("web01")
    shown = view(Fleet((host,)), "table", verbose=verbose)
    for record in RECORDS:
        shown.heard(host, record)
    said = capsys.readouterr()
    assert said.out == ""
    lines = ["warning: careful\\u001b[2J", "verbose: in detail"][: 1 + verbose]
    assert said.err.splitlines() == [f"psrebind: web01: {line}" for line in lines]
