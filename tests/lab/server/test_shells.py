"""The shells of the lab's endpoint."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab.server.endpoint_host import (
    LONG_SCRIPT,
    TOO_MANY_SHELLS,
    UNKNOWN_SHELL,
    EngineFactory,
    Host,
    ask,
    until,
)
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool


def test_delete_from_another_connection(start: Callable[..., Host], model: EngineFactory) -> None:
    """A shell can be closed by its id from elsewhere, once."""
    host = start(model)
    lost = RunspacePool(host.client())
    lost.open()
    rescuer = RunspacePool(host.client())
    rescuer.open()
    assert host.endpoint.open_shells == 2
    rescuer.shell._selector_set = lost.shell._selector_set
    rescuer.close()
    assert host.endpoint.open_shells == 1
    with pytest.raises(WSManFaultError) as fault:
        lost.close()
    assert fault.value.code == UNKNOWN_SHELL


def test_shell_has_the_id_of_its_pool(start: Callable[..., Host], model: EngineFactory) -> None:
    """The ShellId that a client proposes is the shell's."""
    host = start(model)
    with RunspacePool(host.client()) as pool:
        assert pool.shell.id == pool.id
        ask(pool, "'x'")
    shells = {entry.shell for entry in host.endpoint.requests if entry.action == "Command"}
    assert shells == {pool.id}


def test_too_many_shells(start: Callable[..., Host], model: EngineFactory) -> None:
    """The thirty-first shell of a user is refused, and possible after one was closed."""
    host = start(model)
    client = host.client()
    pools = [RunspacePool(client) for _ in range(31)]
    for pool in pools[:30]:
        pool.open()
    with pytest.raises(WSManFaultError, match="maximum number of 30 concurrent") as fault:
        pools[30].open()
    assert fault.value.code == TOO_MANY_SHELLS
    pools[0].close()
    RunspacePool(client).open()
    assert host.endpoint.open_shells == 30


def test_idle_shell_closes(start: Callable[..., Host], model: EngineFactory) -> None:
    """A shell that nobody asks for the time it named is gone."""
    host = start(model)
    pool = RunspacePool(host.client(), idle_timeout=1)
    pool.open()
    assert host.endpoint.open_shells == 1
    assert until(lambda: host.endpoint.open_shells == 0)
    with pytest.raises(WSManFaultError) as fault:
        ask(pool, "'too late'")
    assert fault.value.code == UNKNOWN_SHELL


def test_waiting_receive_is_not_idle(start: Callable[..., Host], model: EngineFactory) -> None:
    """A shell whose client waits for output stays, however short its idle timeout."""
    host = start(model)
    with RunspacePool(host.client(), idle_timeout=1) as pool:
        shell = PowerShell(pool).add_script(LONG_SCRIPT)
        shell.begin_invoke()
        shell.poll_invoke(timeout=2)
        assert host.endpoint.open_shells == 1
        shell.stop()


def test_alive(start: Callable[..., Host], model: EngineFactory) -> None:
    """A client can ask whether its shell is still there."""
    host = start(model)
    with RunspacePool(host.client()) as pool:
        assert pool.is_alive()
        host.run(host.endpoint.stop())
        assert not pool.is_alive()
