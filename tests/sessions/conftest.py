"""Fixtures: a real WSMan server, the lab's endpoint, in front of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from winrm import ADDRESS, PASSWORD, REPLY, Loop, Serve, Slow, Winrm, free_port

from psrebind.lab.engines.model.engine import ModelEngine
from psrebind.lab.server.endpoint import Endpoint, EndpointSettings
from psrebind.lab.server.network_faults import NetworkFaults
from psrebind.lab.server.shells import ShellEngine


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The loop that all endpoints of the tests run on."""
    made = Loop()
    yield made
    made.close()


@pytest.fixture(scope="session")
def serve(loop: Loop) -> Serve:
    """A context manager that runs one endpoint, with a function or an engine behind it."""

    @contextmanager
    def serving(
        answer: Callable[[str, Mapping[str, object]], str] = lambda script, parameters: REPLY,
        engine: Callable[[], ShellEngine] | None = None,
        certificate: Path | None = None,
        **settings: Any,
    ) -> Iterator[Winrm]:
        asked: list[tuple[str, Mapping[str, object]]] = []

        def noted(script: str, parameters: Mapping[str, object]) -> str:
            asked.append((script, parameters))
            return answer(script, parameters)

        async def start() -> Winrm:
            faults = NetworkFaults()
            ports = {"http_port": free_port(), "https_port": free_port()}
            wanted = EndpointSettings(
                ADDRESS, {"labadmin": PASSWORD}, certificate=certificate, **ports, **settings
            )
            endpoint = Endpoint(wanted, engine or (lambda: ModelEngine(noted)), faults)
            await endpoint.start()
            return Winrm(endpoint, faults, asked)

        winrm = loop.run(start())
        try:
            yield winrm
        finally:
            loop.run(winrm.endpoint.stop())

    return serving


@pytest.fixture
def winrm(serve: Serve) -> Iterator[Winrm]:
    """One endpoint that answers every script with an empty reply."""
    with serve() as made:
        yield made


@pytest.fixture
def slow() -> Iterator[Slow]:
    """An answer that comes when it is let go, at the latest after the test."""
    made = Slow()
    yield made
    made.release.set()
