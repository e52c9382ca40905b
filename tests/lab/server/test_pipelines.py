"""Pipelines on the lab's endpoint, on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab.server.endpoint_host import (
    LONG_SCRIPT,
    SECRET_SCRIPT,
    TIMED_OUT,
    EngineFactory,
    Host,
    ask,
)
from pypsrp.complex_objects import ObjectMeta
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool


def test_two_pipelines_in_one_pool(start: Callable[..., Host], either: EngineFactory) -> None:
    """A pool runs one pipeline after the other."""
    host = start(either)
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "'first'") == ["first"]
        assert ask(pool, "'second'") == ["second"]
        assert host.endpoint.open_shells == 1
    assert host.endpoint.open_shells == 0


def test_large_script(start: Callable[..., Host], either: EngineFactory) -> None:
    """A script of 700 KB arrives whole, in several Sends."""
    text = "y" * 700_000
    with RunspacePool(start(either).client()) as pool:
        assert ask(pool, f"'{text}'") == [text]


def test_large_output(start: Callable[..., Host], either: EngineFactory) -> None:
    """Two megabytes of output arrive whole."""
    with RunspacePool(start(either).client()) as pool:
        assert ask(pool, "'z' * 2097152") == ["z" * 2097152]


def test_secure_string(start: Callable[..., Host], either: EngineFactory) -> None:
    """A SecureString parameter is decrypted on the host, after a key exchange."""
    with RunspacePool(start(either).client()) as pool:
        pool.exchange_keys()
        secret = pool.serialize("pässwörd", ObjectMeta("SS"))
        shell = PowerShell(pool).add_script(SECRET_SCRIPT).add_parameter("Secret", secret)
        assert shell.invoke() == ["pässwörd"]


def test_stop(start: Callable[..., Host], either: EngineFactory) -> None:
    """A pipeline that is stopped makes room for the next."""
    host = start(either)
    with RunspacePool(host.client()) as pool:
        shell = PowerShell(pool).add_script(LONG_SCRIPT)
        shell.begin_invoke()
        shell.poll_invoke(timeout=1)
        shell.stop()
        assert ask(pool, "'next'") == ["next"]


def test_operation_timeout(start: Callable[..., Host], either: EngineFactory) -> None:
    """A Receive with nothing to say ends with the fault that clients try again on."""
    with RunspacePool(start(either).client()) as pool:
        shell = PowerShell(pool).add_script(LONG_SCRIPT)
        shell.begin_invoke()
        with pytest.raises(WSManFaultError) as fault:
            pool.shell.receive("stdout", command_id=shell.id, timeout=1)
        assert fault.value.code == TIMED_OUT
        shell.stop()


def test_terminating_error(start: Callable[..., Host], model: EngineFactory) -> None:
    """What the model's function raises is the pipeline's terminating error."""
    with RunspacePool(start(model).client()) as pool:
        shell = PowerShell(pool).add_script("throw")
        shell.invoke()
        assert shell.had_errors
        (error,) = shell.streams.error
        assert (str(error), error.fq_error) == ("No such site.", "psrebind.NoSite")


def test_receive_respects_the_envelope_size(
    start: Callable[..., Host], model: EngineFactory
) -> None:
    """No reply is larger than the client's MaxEnvelopeSize."""
    sizes: list[int] = []
    client = start(model).client(max_envelope_size=102400)
    with RunspacePool(client) as pool:
        assert client.transport.session is not None
        client.transport.session.hooks["response"].append(
            lambda answer, **_: sizes.append(len(answer.content))
        )
        assert ask(pool, "'z' * 500000") == ["z" * 500000]
    assert 80_000 < max(sizes) <= 102400
