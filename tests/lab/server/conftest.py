"""Endpoints with either engine, as a real WSMan client meets them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.server.endpoint_host import (
    STARTUP,
    Answers,
    EngineFactory,
    Host,
    make_certificate,
)

from psrebind.lab.engines.model.engine import ModelEngine
from psrebind.lab.engines.pwsh import PwshEngine


@pytest.fixture
def model() -> Iterator[EngineFactory]:
    """The engine without PowerShell."""
    answers = Answers()
    yield lambda: ModelEngine(answers)
    answers.released.set()


@pytest.fixture
def pwsh() -> Callable[..., EngineFactory]:
    """The engine with PowerShell, by its startup text."""
    executable = os.environ.get("PSREBIND_PWSH")
    if not executable:
        pytest.skip("PSREBIND_PWSH does not name a PowerShell")

    def with_startup(startup: str = STARTUP, **environment: str) -> EngineFactory:
        return lambda: PwshEngine(Path(executable), environment=environment, startup=startup)

    return with_startup


@pytest.fixture(params=["model", "pwsh"])
def either(request: pytest.FixtureRequest) -> EngineFactory:
    """Each engine in turn."""
    made = request.getfixturevalue(request.param)
    factory: EngineFactory = made() if request.param == "pwsh" else made
    return factory


@pytest.fixture
def start() -> Iterator[Callable[..., Host]]:
    """Start hosts, and stop them after the test."""
    with contextlib.ExitStack() as hosts:

        def starter(factory: EngineFactory, **settings: Any) -> Host:
            host = Host(factory, **settings)
            hosts.callback(host.close)
            return host

        yield starter


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that clients may trust."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "lab.pem")
