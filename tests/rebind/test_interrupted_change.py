"""A change that did not come to its end, on every release: the same command again, and what then.

A host's process that dies leaves any state that the host passes through during the change.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from labs import connect, give_options, prepared, rebound, records, restored, swap
from releases import CLIENTS, RELEASES, become

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.stage.renewals import renew
from psrebind.lab.windows.http_sys import Record
from psrebind.lab.windows.state import HostState
from psrebind.model import Renewal, Thumbprint
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.before_file import states_before, write_before
from psrebind.rebind.observe import observe
from psrebind.rebind.options import RebindOptions
from psrebind.rebind.run import Method, apply, prepare

NAME = "web02"  # all of its bindings can be rebound


def passed_through(lab: Lab, host: LabHost, folder: Path, method: Method) -> list[HostState]:
    """Every state that a host has during a rebind; then it is as it was before."""
    seen: list[HostState] = [host.host.state]
    before = host.host.state
    stop = host.host.watch(lambda: seen.append(host.host.state))
    assert rebound(lab, NAME, folder, method).exit_status == 0
    stop()
    host.host.change(lambda _: before)
    return list({str(one.records): one for one in seen}.values())


def whole(lab: Lab, before: dict[str, Record]) -> dict[str, Record]:
    """The records as a rebind shall leave them."""
    old, new = swap(lab, NAME).old, swap(lab, NAME).new
    return {
        name: replace(one, thumbprint=new) if one.thumbprint == old else one
        for name, one in before.items()
    }


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("release", RELEASES)
def test_the_same_command_again_makes_it_right(
    lab: Lab, tmp_path: Path, release: str, method: Method
) -> None:
    """Wherever the host's process died: what is gone or stripped is a step again, and is whole."""
    with restored(lab.hosts[NAME]) as host:
        become(host, release)
        before = records(host)
        states = passed_through(lab, host, tmp_path / "first", method)
        assert len(states) > 2
        for number, state in enumerate(states):
            folder = tmp_path / str(number)
            with connect(lab, NAME) as session:
                plan = prepared(lab, NAME, session, method, folder).plan
                write_before(session.host, plan.steps, folder=folder)
            host.host.change(lambda _, state=state: state)
            found = rebound(lab, NAME, folder, method)
            assert (found.exit_status, records(host)) == (0, whole(lab, before)), number
            assert {step.step.target for step in found.steps} == {
                name
                for name, one in before.items()
                if records_of(state).get(name) != whole(lab, before)[name]
            }
            host.host.change(lambda _: states[0])


def records_of(state: HostState) -> dict[str, Record]:
    """The records of a state by kind and key."""
    return {f"{one.kind}={one.key}": one for one in state.records}


def test_an_honest_loss_is_not_done_the_next_time(lab: Lab, tmp_path: Path) -> None:
    """Options that could not be put back are a step of the next run, by name, until they are."""
    with restored(lab.hosts[NAME]) as host:
        become(host, "2022")
        before = records(host)
        host.host.faults["netsh http update"] = "nothing"
        assert rebound(lab, NAME, tmp_path).exit_status == 2
        again = rebound(lab, NAME, tmp_path)
        assert again.exit_status == 2
        assert all("DefaultFlags" in str(one.step.repair) for one in again.steps)
        host.host.faults.clear()
        assert rebound(lab, NAME, tmp_path).exit_status == 0
        assert records(host) == whole(lab, before)
        assert rebound(lab, NAME, tmp_path).steps == ()


def test_what_somebody_changed_later_stays(lab: Lab, tmp_path: Path) -> None:
    """After a rebind that ended well, an option that somebody took away stays away at the next.

    Who asks for the very same renewal again gets it back, and is told so first.
    """
    with restored(lab.hosts[NAME]) as host, connect(lab, NAME) as session:
        become(host, "2022")
        assert rebound(lab, NAME, tmp_path).exit_status == 0
        assert all(one.ended for one in states_before(session.host, tmp_path).values())
        give_options(host, replace(CLIENTS, flags=0))
        same = prepared(lab, NAME, session, Method.BINDING, tmp_path).plan
        assert {str(one.repair).partition(" in the")[0] for one in same.steps} == {
            "it lost DefaultFlags"
        }
        new = Thumbprint(swap(lab, NAME).new)
        newer = Thumbprint(renew(host.host, lab.scenario.authority, new))
        where = lab.hosts[NAME].address
        runner = ScriptRunner(session, address=where)
        options = RebindOptions(before_folder=tmp_path)
        found = prepare(runner, Renewal(new, newer), options, observe(runner))
        assert found.plan.steps
        assert all(one.repair is None for one in found.plan.steps)
        apply(runner, replace(found, patience=0.5), options)
        assert {one.options.flags for one in records(host).values() if one.thumbprint} == {0}
