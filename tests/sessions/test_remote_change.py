"""A script that changes a host is not stopped in its middle: not by a person, a limit or a loss."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from winrm import Serve, Slow

from psrebind.errors import ConnectError, SessionLost
from psrebind.lab.server.network_faults import NetworkFault
from psrebind.replies import Reply
from psrebind.script import Script
from psrebind.sessions.base import Limits

CHANGE = Script("x", changes=True)
READING = Script("x", reads=True)


def test_a_person_who_cancels_waits_for_the_change(serve: Serve, slow: Slow) -> None:
    """The answer comes, nothing is signalled, and the shell is closed afterwards as ever."""
    limits = Limits()

    def cancel() -> None:
        slow.begun.wait(20)
        limits.cancelled.set()
        # Longer than the waiting side's patience with what it may stop.
        time.sleep(4)
        slow.release.set()

    with serve(slow) as winrm:
        Thread(target=cancel, daemon=True).start()
        with winrm.session() as session:
            assert isinstance(session.invoke(CHANGE, limits=limits), Reply)
        assert "Signal" not in winrm.actions
        assert winrm.endpoint.open_shells == 0


def test_the_time_limit_ends_the_waiting(serve: Serve, slow: Slow) -> None:
    """Nobody waits any longer, and the shell stays, so that the script comes to its end."""
    with serve(slow) as winrm:
        with winrm.session() as session:
            # Before, so that the limit is the script's alone.
            session.open()
            with pytest.raises(SessionLost) as caught:
                session.invoke(CHANGE, limits=Limits.within(3))
        assert "the time limit of 3 s has passed" in str(caught.value)
        assert "it was not stopped" in str(caught.value)
        assert not {"Signal", "Delete"} & set(winrm.actions)
        assert winrm.endpoint.open_shells == 1
        slow.release.set()


def test_a_loss_leaves_the_change_alone(serve: Serve, slow: Slow) -> None:
    """A connection that is cut under a change takes no shell along."""
    slow.release.set()
    with serve(slow) as winrm:
        with winrm.session() as session:
            session.open()
            winrm.faults.arm(NetworkFault.CUT_AFTER, number=1)
            with pytest.raises(SessionLost):
                session.invoke(CHANGE)
        assert "Delete" not in winrm.actions
        assert winrm.endpoint.open_shells == 1


def test_a_lost_reading_is_not_reached(serve: Serve, slow: Slow) -> None:
    """A reading changed nothing: it may be asked again, and its shell is closed."""
    slow.release.set()
    with serve(slow) as winrm:
        with winrm.session() as session:
            session.open()
            winrm.faults.arm(NetworkFault.CUT_AFTER, number=1)
            with pytest.raises(ConnectError, match=r"host was read\. Nothing was changed"):
                session.invoke(READING)
        assert winrm.endpoint.open_shells == 0
