"""Faults of the endpoint's network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from lab.server.endpoint_host import (
    LONG_SCRIPT,
    EngineFactory,
    Host,
    ask,
    greet,
)
from pypsrp.exceptions import WinRMTransportError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import SignalCode
from pypsrp.wsman import WSManAction

from psrebind.lab.server.network_faults import NetworkFault, NetworkFaults
from psrebind.lab.server.soap import element


@pytest.mark.parametrize("number", range(1, 8))
def test_cut_connection(start: Callable[..., Host], model: EngineFactory, number: int) -> None:
    """Each request in turn, the logon's too, can lose its connection."""
    host = start(model)
    host.faults.arm(NetworkFault.CUT_BEFORE, number=number)
    with pytest.raises(requests.ConnectionError):
        greet(RunspacePool(host.client()))
    assert host.faults.armed == ()


@pytest.mark.parametrize(
    ("fault", "shells"), [(NetworkFault.CUT_BEFORE, 0), (NetworkFault.CUT_AFTER, 1)]
)
def test_cut_before_or_after(
    start: Callable[..., Host], model: EngineFactory, fault: NetworkFault, shells: int
) -> None:
    """Only a connection cut after the request leaves the work done."""
    host = start(model)
    host.faults.arm(fault, number=4)
    with pytest.raises(requests.ConnectionError):
        RunspacePool(host.client()).open()
    assert host.endpoint.open_shells == shells


def test_unavailable(start: Callable[..., Host], model: EngineFactory) -> None:
    """HTTP 503 comes once, and the next try succeeds."""
    host = start(model)
    host.faults.arm(NetworkFault.UNAVAILABLE, number=4)
    with pytest.raises(WinRMTransportError) as refusal:
        RunspacePool(host.client()).open()
    assert refusal.value.code == 503
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "'hello'") == ["hello"]


@pytest.mark.parametrize("fault", [NetworkFault.STALL, NetworkFault.HANG])
def test_silence(start: Callable[..., Host], model: EngineFactory, fault: NetworkFault) -> None:
    """A request that is never answered ends with the client's own patience."""
    host = start(model)
    host.faults.arm(fault)
    with pytest.raises(requests.ReadTimeout):
        RunspacePool(host.client(read_timeout=1)).open()
    assert host.endpoint.logons == {}


def test_refused_connection(start: Callable[..., Host], model: EngineFactory) -> None:
    """A connection that closes at once is one failure, twice if told so."""
    host = start(model)
    host.faults.arm(NetworkFault.REFUSE, times=2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            RunspacePool(host.client()).open()
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "'hello'") == ["hello"]


def test_fault_until_disarmed() -> None:
    """A fault without a number of times lasts until it is disarmed."""
    faults = NetworkFaults()
    faults.arm(NetworkFault.STALL, number=2, times=None)
    met = [faults.next_request() for _ in range(4)]
    assert met == [None, *[NetworkFault.STALL] * 3]
    faults.disarm()
    assert faults.next_request() is None


def test_fault_numbers_start_at_one() -> None:
    """There is no request number zero."""
    with pytest.raises(ValueError, match="from 1"):
        NetworkFaults().arm(NetworkFault.STALL, number=0)


def test_abandoned_receive_loses_nothing(start: Callable[..., Host], model: EngineFactory) -> None:
    """Output that comes after a client gave up waiting goes to its next Receive."""
    host = start(model)
    first, second = host.client(read_timeout=1), host.client()
    pool = RunspacePool(first)
    pool.open()
    shell = PowerShell(pool).add_script(LONG_SCRIPT)
    shell.begin_invoke()
    # By `invoke`, since pypsrp's own Receive tries again by itself, and slowly.
    desired = element(
        "rsp:Receive",
        children=[
            element("rsp:DesiredStream", "stdout", attributes={"CommandId": shell.id}),
        ],
    )
    with pytest.raises(requests.ReadTimeout):
        first.invoke(
            WSManAction.RECEIVE,
            pool.shell.resource_uri,
            desired,
            selector_set=pool.shell._selector_set,
        )
    pool.connection = pool.shell.wsman = second
    pool.shell.signal(SignalCode.PS_CTRL_C, shell.id)
    state, _, streams = pool.shell.receive("stdout", command_id=shell.id)
    assert state.endswith("/Done")
    assert b"PipelineStopped" in streams["stdout"]
    pool.close()
