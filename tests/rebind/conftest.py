"""A lab of each engine, for the rebinds that are proved on one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import restored, running

from psrebind.lab.stage.lab import Lab, LabHost


@pytest.fixture(scope="module", params=["model", pytest.param("pwsh", marks=pytest.mark.engine)])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab of three hosts, once without and once with a PowerShell."""
    engine: Path | None = None
    if request.param == "pwsh":
        engine = request.getfixturevalue("pwsh")
    with running(tmp_path_factory.mktemp("lab"), engine) as found:
        yield found


@pytest.fixture
def hosts(lab: Lab) -> Iterator[dict[str, LabHost]]:
    """The hosts by name; as they were, after each test."""
    with restored(lab.hosts["web01"]), restored(lab.hosts["web02"]), restored(lab.hosts["web03"]):
        yield lab.hosts
