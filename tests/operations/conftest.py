"""A lab of each engine, for the operations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import restored, running

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.stage.scenario import ALL_NAMES


@pytest.fixture(scope="module", params=["model", pytest.param("pwsh", marks=pytest.mark.engine)])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab of six hosts, once without and once with a PowerShell."""
    engine: Path | None = None
    if request.param == "pwsh":
        engine = request.getfixturevalue("pwsh")
    with running(tmp_path_factory.mktemp("lab"), engine, names=ALL_NAMES) as found:
        yield found


@pytest.fixture
def web01(lab: Lab) -> Iterator[LabHost]:
    """The Server 2022; as it was, after each test."""
    with restored(lab.hosts["web01"]) as host:
        yield host


@pytest.fixture
def web03(lab: Lab) -> Iterator[LabHost]:
    """The Server 2016; as it was, after each test."""
    with restored(lab.hosts["web03"]) as host:
        yield host
