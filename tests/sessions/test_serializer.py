"""A script's escaped form, made once for the hosts of a fleet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import running
from pypsrp.serializer import Serializer

from psrebind import Fleet
from psrebind.lab.stage.lab import Lab
from psrebind.model import Secret
from psrebind.operations.get_host import GetHost
from psrebind.sessions.serializer import ScriptSerializer


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three hosts, answered by the model."""
    with running(tmp_path_factory.mktemp("lab"), None) as found:
        yield found


@pytest.mark.parametrize("text", ["", "a\r\nb", "_x000A_", "_X\n\t\x00\ud800" * 500, None])
def test_texts_are_escaped_as_ever(text: str | None) -> None:
    """Long or short, it is what pypsrp makes of it."""
    for _ in range(2):
        assert ScriptSerializer()._serialize_string(text) == Serializer()._serialize_string(text)


def test_a_script_of_many_hosts_is_escaped_once(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All hosts of a fleet get the same script; nobody escapes it again for the next one."""
    escaped: list[str] = []
    escape = Serializer._serialize_string

    def count(self: Serializer, value: str | None) -> str | None:
        if value and "$Operation = 'get_host'" in value:
            escaped.append(value)
        return escape(self, value)

    monkeypatch.setattr(Serializer, "_serialize_string", count)
    names = [host.address for host in lab.hosts.values()]
    fleet = Fleet.of(names, user=lab.user, password=Secret(lab.password))
    # A question that no test asked before.
    question = GetHost(wanted=("Nothing",))
    assert [result.problem for result in fleet.run([question])] == [None] * 3
    assert len(escaped) == 1
