"""What must hold of the rebind task's operations, each as a check for tests and mutants."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from labs import ask, connect, refusal, restored, seen_states, swap

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, differences, wanted_xml
from psrebind.lab.stage import renewals
from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.lab.windows.task_xml import RegisteredTask
from psrebind.operations import run
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.operations.register_rebind_notification import RegisterRebindNotification
from psrebind.operations.register_rebind_task import RegisterRebindTask
from psrebind.operations.unregister_rebind_task import UnregisterRebindTask
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library

# What a host may make of the task without changing it: none of it is a difference.
SPELLINGS = (
    ("<LogonType>InteractiveToken</LogonType>", ""),
    ("<UserId>S-1-5-18</UserId>", "<UserId>SYSTEM</UserId>"),
    ("<Hidden>false</Hidden>", ""),
    ("<Priority>7</Priority>", "<Priority> 7 </Priority>"),
)


def switch_off(host: LabHost) -> None:
    """Turn the event log of a host off."""

    def change(state: Any) -> Any:
        channels = (
            replace(one, enabled=False) if one.name == SYSTEM_CHANNEL else one
            for one in state.channels
        )
        return replace(state, channels=tuple(channels))

    host.host.change(change)


def is_on(host: LabHost) -> bool:
    """Whether the event log of a host is on."""
    return all(one.enabled for one in host.host.state.channels if one.name == SYSTEM_CHANNEL)


def put_task(host: LabHost, xml: str, *, path: str = TASK_PATH, name: str = TASK_NAME) -> None:
    """Register a task on a host, behind psrebind's back."""
    host.host.call("tasks.register", {"path": path, "name": name, "xml": xml, "force": True})


def a_broken_task_hides_no_other(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A task of somebody's that nobody can read is a warning beside the others, or nothing."""
    broken = RegisteredTask(path="\\Vendor\\", name="Broken", xml="<Task")
    for fails in (True, False):
        with restored(lab.hosts["web01"]) as host:
            assume(host.host, "task_broken_fails_in_lists", fails)
            put_task(host, wanted_xml())
            host.host.change(lambda now: replace(now, tasks=(broken, *now.tasks)))
            (body,) = run([GetRebindTask()], session, library=library).bodies
            (row,) = GetRebindTask().rows(body)
            assert [one.name for one in row.tasks] == [TASK_NAME]
            assert len(body.warnings) == int(fails)
            assert all("cannot be read" in one for one in body.warnings)


def a_broken_task_is_not_absence(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Somebody's broken task hides ours neither where it is there, nor makes it absent."""
    broken = RegisteredTask(path="\\Vendor\\", name="Broken", xml="<Task")
    with restored(lab.hosts["web01"]) as host:
        assume(host.host, "task_broken_fails_in_named_queries", True)
        host.host.change(lambda now: replace(now, tasks=(broken, *now.tasks)))
        error = refusal(session, UnregisterRebindTask(), library)
        assert error.error_id == "HRESULT 0x80070002,Get-ScheduledTask"
        put_task(host, wanted_xml())
        row = ask(session, RegisterRebindTask(), library)[0]
        assert (row.changed, differences(row.before)) == (False, ())


def registers_once(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The task is registered and read back; run again, nothing is touched."""
    with restored(lab.hosts["web01"]) as host:
        first = ask(session, RegisterRebindTask(), library)[0]
        assert (first.before, first.changed, first.skipped) == (None, True, False)
        assert differences(first.after) == ()
        with seen_states(host) as states:
            second = ask(session, RegisterRebindTask(), library)[0]
        assert (second.changed, second.after, states) == (False, first.after, [])


def turns_the_log_on(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A log that is off is turned on, also where the task is there already."""
    with restored(lab.hosts["web01"]) as host:
        ask(session, RegisterRebindTask(), library)
        switch_off(host)
        row = ask(session, RegisterRebindTask(), library)[0]
        assert (row.enabled_before, row.enabled_after, row.changed) == (False, True, True)
        assert is_on(host)


def a_log_that_stays_off_is_a_failure(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where wevtutil does nothing and says nothing, the change fails."""
    with restored(lab.hosts["web01"]) as host:
        switch_off(host)
        host.host.faults["wevtutil sl"] = "nothing"
        assert "is still off" in str(refusal(session, RegisterRebindTask(), library))


def converges(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A task that somebody edited or disabled is put right."""
    with restored(lab.hosts["web06"]) as host, connect(lab, "web06") as other:
        row = ask(other, RegisterRebindTask(), library)[0]
        assert {one.path.rpartition("/")[2] for one in differences(row.before)} == {
            "MultipleInstancesPolicy",
            "Select",
        }
        assert (row.changed, differences(row.after)) == (True, ())
        host.host.call("tasks.disable", {"path": TASK_PATH, "name": TASK_NAME})
        again = ask(other, RegisterRebindTask(), library)[0]
        assert (again.changed, differences(again.after)) == (True, ())
        (task,) = ask(other, GetRebindTask())[0].tasks
        assert task.state == "Ready"


def spelling_is_no_change(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What Windows may normalise is left as it is."""
    with restored(lab.hosts["web01"]) as host:
        for old, new in SPELLINGS:
            assert old in wanted_xml()
            put_task(host, wanted_xml().replace(old, new))
            row = ask(session, RegisterRebindTask(), library)[0]
            assert (row.changed, row.after) == (False, row.before), old


def silence_is_failure(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A registration that does nothing, on a host with an edited task or none, is a failure."""
    with restored(lab.hosts["web01"]) as host:
        host.host.faults["tasks.register"] = "nothing"
        assert "is not there after" in str(refusal(session, RegisterRebindTask(), library))
    with restored(lab.hosts["web06"]) as host, connect(lab, "web06") as other:
        host.host.faults["tasks.register"] = "nothing"
        assert "is not as it was registered" in str(refusal(other, RegisterRebindTask(), library))


def skips_a_shared_template(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Bound certificates of one template stop it, unless it is forced."""
    with restored(lab.hosts["web05"]) as host, connect(lab, "web05") as other:
        before = host.host.state
        row = ask(other, RegisterRebindTask(), library)[0]
        bound = sorted({one.thumbprint for one in before.records if one.thumbprint})
        assert (row.skipped, row.changed, row.after) == (True, False, None)
        assert row.shared == (tuple(bound),)
        assert host.host.state == before
        assert ask(other, GetRebindTask(), library)[0].shared == row.shared
        forced = ask(other, RegisterRebindTask(force=True), library)[0]
        assert (forced.skipped, forced.changed) == (False, True)


# AEPolicy, and whether it lets the machine enroll by itself.
AUTOENROLLMENT = ((None, False), (0x8000, False), (0x8007, False), (0, True), (1, True), (7, True))


def set_autoenrollment(host: LabHost, policy: int | None) -> None:
    """Let group policy say this of the machine's autoenrollment; None: it says nothing."""
    facts = replace(host.host.facts, autoenrollment=policy)
    host.host.change(lambda now: replace(now, facts=facts))


def skips_where_autoenrollment_is_on(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Without autoenrollment nobody replaces the others of a template: it is said, no more."""
    for kind in (RegisterRebindTask, RegisterRebindNotification):
        for policy, on in AUTOENROLLMENT:
            with restored(lab.hosts["web05"]) as host, connect(lab, "web05") as other:
                set_autoenrollment(host, policy)
                (row,) = ask(other, kind(), library)
                found = (row.autoenrollment, row.skipped, row.changed, len(row.shared))
                assert (policy, *found) == (policy, on, on, not on, 1)
                (read,) = ask(other, GetRebindTask(), library)
                assert (read.autoenrollment, read.shared) == (on, row.shared)


def a_template_of_one_is_no_danger(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Two certificates of a template of which one is bound are what every renewal leaves."""
    held = lab.hosts["web01"].host.state.certificates
    assert len({one.template for one in held}) < len(held)
    assert ask(session, GetRebindTask(), library)[0].shared == ()


def unregisters_once(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The task goes; where there is none, nothing changes; silence is a failure."""
    with restored(lab.hosts["web01"]) as host:
        put_task(host, wanted_xml())
        host.host.faults["tasks.unregister"] = "nothing"
        assert "is still there" in str(refusal(session, UnregisterRebindTask(), library))
        host.host.faults.clear()
        row = ask(session, UnregisterRebindTask(), library)[0]
        assert (row.changed, row.after, host.host.state.tasks) == (True, None, ())
        assert differences(row.before) == ()
        assert not ask(session, UnregisterRebindTask(), library)[0].changed


def names_other_tasks(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Every task that waits for the log's events is read, and no other."""
    elsewhere = wanted_xml().replace(SYSTEM_CHANNEL, "System")
    with restored(lab.hosts["web01"]) as host:
        put_task(host, wanted_xml(), path="\\Home\\", name="Mine")
        put_task(host, elsewhere, path="\\Home\\", name="Other")
        put_task(host, wanted_xml())
        found = ask(session, GetRebindTask(), library)[0].tasks
        assert {(one.path, one.name) for one in found} == {
            ("\\Home\\", "Mine"),
            (TASK_PATH, TASK_NAME),
        }
        assert all(differences(one.xml) == () for one in found)


def tells_the_last_run(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A task that never ran has a date in 1999; after a renewal it has today's, and 0."""
    with restored(lab.hosts["web01"]) as host:
        put_task(host, wanted_xml())
        (never,) = ask(session, GetRebindTask(), library)[0].tasks
        assert (never.last_run.year, never.last_result) == (1999, 267011)
        old = swap(lab, "web01").old
        new = renewals.renew(host.host, lab.scenario.authority, old)
        (ran,) = ask(session, GetRebindTask(), library)[0].tasks
        assert (ran.last_run.year > 2000, ran.last_result) == (True, 0)
        assert new in {one.thumbprint for one in host.host.state.records}


CHECKS = (
    a_broken_task_is_not_absence,
    a_broken_task_hides_no_other,
    registers_once,
    turns_the_log_on,
    a_log_that_stays_off_is_a_failure,
    converges,
    spelling_is_no_change,
    silence_is_failure,
    skips_a_shared_template,
    skips_where_autoenrollment_is_on,
    a_template_of_one_is_no_danger,
    unregisters_once,
    names_other_tasks,
    tells_the_last_run,
)
