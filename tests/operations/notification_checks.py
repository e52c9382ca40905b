"""What must hold of the notification task's operations, each as a check for tests and mutants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from labs import ask, connect, records, refusal, restored, seen_states
from operations.changes import pair
from operations.task_checks import is_on, switch_off

from psrebind.decode.task_words import NOTIFICATION_NAME, NOTIFICATION_PATH
from psrebind.lab.engines.model.tasks import SCRIPT
from psrebind.lab.stage import renewals
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.state import HostState
from psrebind.operations.get_rebind_notification import GetRebindNotification, NotificationState
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.operations.register_rebind_notification import RegisterRebindNotification
from psrebind.operations.unregister_rebind_notification import UnregisterRebindNotification
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library, shipped

PLACE = {"path": NOTIFICATION_PATH, "name": NOTIFICATION_NAME}
OFF = "<Enabled>false</Enabled>"
HANDLER = "notification_handler.ps1"


def write(host: LabHost, text: str) -> None:
    """Put another text into the script's file."""
    host.host.call("files.write", {"path": SCRIPT, "text": text})


def _again(host: LabHost, **other: str) -> None:
    """Register the task anew, in one thing not as psrebind does."""
    host.host.call("pki.remove_notification_task", {"name": NOTIFICATION_NAME})
    task = {"type": "Replace", "channel": "System", "script": SCRIPT}
    host.host.call("pki.add_notification_task", {**task, **other, "name": NOTIFICATION_NAME})


def _stop_listening(host: LabHost) -> None:
    """Switch the task's trigger off, and nothing else."""

    def change(state: HostState) -> HostState:
        off = (
            replace(one, xml=one.xml.replace("<EventTrigger>", f"<EventTrigger>{OFF}"))
            if one.name == NOTIFICATION_NAME
            else one
            for one in state.tasks
        )
        return replace(state, tasks=tuple(off))

    host.host.change(change)


# What may have become of script and task, and what is said of it.
ODDITIES: dict[str, tuple[Callable[[LabHost], object], str]] = {
    "another-text": (lambda host: write(host, "exit 0\n"), "has another text"),
    # A soft hyphen counts for nothing where texts are compared by language.
    "reads-alike": (
        lambda host: write(host, shipped(HANDLER).replace("renew", "re\u00adnew")),
        "has another text",
    ),
    "no-script": (lambda host: host.host.call("files.remove", {"path": SCRIPT}), "is not there"),
    "disabled": (lambda host: host.host.call("tasks.disable", PLACE), "it is disabled"),
    "a-trigger-that-is-off": (_stop_listening, "does not wait for replaced"),
    "expiry": (lambda host: _again(host, type="Expire"), "does not wait for replaced"),
    "the-user-channel": (lambda host: _again(host, channel="User"), "does not wait for replaced"),
    "another-script": (
        lambda host: _again(host, script=r"C:\Users\Public\psrebind\rebind.ps1"),
        r"C:\Users\Public\psrebind\rebind.ps1",
    ),
}


def registers_once(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Script and task are there and read back; run again, nothing is touched."""
    with restored(lab.hosts["web01"]) as host:
        first = ask(session, RegisterRebindNotification(), library)[0]
        assert (first.before.state, first.before.handler) == (None, None)
        assert (first.changed, first.after.state, first.after.waiting) == (True, "Ready", True)
        assert first.after.handler == shipped(HANDLER) == host.host.state.files[SCRIPT]
        assert f'-File "{SCRIPT}"' in first.after.arguments
        with seen_states(host) as states:
            second = ask(session, RegisterRebindNotification(), library)[0]
        assert (second.changed, second.after, states) == (False, first.after, [])


def converges(lab: Lab, session: RemoteSession, library: Library) -> None:
    """An edited script, a disabled task, and one that runs another script are put right."""
    with restored(lab.hosts["web01"]) as host:
        good = ask(session, RegisterRebindNotification(), library)[0].after
        for name, (spoil, _) in ODDITIES.items():
            spoil(host)
            row = ask(session, RegisterRebindNotification(), library)[0]
            assert (name, row.changed, row.after) == (name, True, good)


def is_read_as_it_is(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The query sees what the change saw: nothing, what is right, and each thing that is not."""
    with restored(lab.hosts["web01"]) as host:
        (nothing,) = ask(session, GetRebindNotification(), library)
        assert nothing == NotificationState(SCRIPT, None, None, None, False)
        good = ask(session, RegisterRebindNotification(), library)[0].after
        assert ask(session, GetRebindNotification(), library) == (good,)
        for spoil, _ in ODDITIES.values():
            spoil(host)
            (found,) = ask(session, GetRebindNotification(), library)
            assert found != good
            assert ask(session, RegisterRebindNotification(), library)[0].before == found


def is_read_without_its_event(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A task of psrebind's own is read whatever it waits for."""
    with restored(lab.hosts["web01"]) as host:
        ask(session, RegisterRebindNotification(), library)
        _again(host, channel="User")
        found = ask(session, GetRebindTask(), library)[0].tasks
        assert [(one.path, one.name) for one in found] == [(NOTIFICATION_PATH, NOTIFICATION_NAME)]


def turns_the_log_on(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A log that is off is turned on, and that is a change."""
    with restored(lab.hosts["web01"]) as host:
        ask(session, RegisterRebindNotification(), library)
        switch_off(host)
        row = ask(session, RegisterRebindNotification(), library)[0]
        assert (row.enabled_before, row.enabled_after, row.changed) == (False, True, True)
        assert is_on(host)


def silence_is_failure(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A script that is not written and a task that is not registered are failures."""
    with restored(lab.hosts["web01"]) as host:
        host.host.faults["files.write"] = "nothing"
        error = refusal(session, RegisterRebindNotification(), library)
        assert "is not as it was written" in str(error)
    with restored(lab.hosts["web01"]) as host:
        host.host.faults["pki.add_notification_task"] = "nothing"
        error = refusal(session, RegisterRebindNotification(), library)
        assert "is not as it was registered" in str(error)


def skips_a_shared_template(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Bound certificates of one template stop it, unless it is forced."""
    with restored(lab.hosts["web05"]) as host, connect(lab, "web05") as other:
        before = host.host.state
        row = ask(other, RegisterRebindNotification(), library)[0]
        assert (row.skipped, row.changed, len(row.shared[0])) == (True, False, 2)
        assert host.host.state == before
        assert ask(other, RegisterRebindNotification(force=True), library)[0].changed


def rebinds_at_a_renewal(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The registered task runs psrebind's script, which rebinds; an edited script does nothing."""
    with restored(lab.hosts["web01"]) as host:
        ask(session, RegisterRebindNotification(), library)
        old = pair(lab, "web01")[0]
        new = renewals.renew(host.host, lab.scenario.authority, old)
        assert {one.thumbprint for one in records(host).values()} == {new}
        write(host, "exit 0\n")
        renewals.renew(host.host, lab.scenario.authority, new)
        assert {one.thumbprint for one in records(host).values()} == {new}


def unregisters_once(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Task and script go; where there is neither, nothing changes; silence is a failure."""
    with restored(lab.hosts["web01"]) as host:
        assert not ask(session, UnregisterRebindNotification(), library)[0].changed
        ask(session, RegisterRebindNotification(), library)
        for fault in ("pki.remove_notification_task", "files.remove"):
            kept = host.host.state
            host.host.faults[fault] = "nothing"
            error = refusal(session, UnregisterRebindNotification(), library)
            assert "is still there" in str(error)
            host.host.faults.clear()
            host.host.change(lambda _, kept=kept: kept)
        row = ask(session, UnregisterRebindNotification(), library)[0]
        assert (row.changed, row.after.state, row.after.handler) == (True, None, None)
        assert (host.host.state.tasks, SCRIPT in host.host.state.files) == ((), False)


def leaves_a_script_behind_to_be_taken(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A script without its task is taken away too."""
    with restored(lab.hosts["web01"]) as host:
        ask(session, RegisterRebindNotification(), library)
        host.host.call("pki.remove_notification_task", {"name": NOTIFICATION_NAME})
        assert ask(session, UnregisterRebindNotification(), library)[0].changed
        assert SCRIPT not in host.host.state.files


def tells_the_policy(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The execution policy of SYSTEM is told, since it decides whether the script runs."""
    with restored(lab.hosts["web03"]) as host:
        before = host.host.facts
        for scope in ("execution_policy", "machine_policy"):
            facts = replace(before, user_policy="Bypass", **{scope: "AllSigned"})
            host.host.change(lambda state, facts=facts: replace(state, facts=facts))
            with connect(lab, "web03") as other:
                row = ask(other, RegisterRebindNotification(), library)[0]
            assert row.policy == "AllSigned"


CHECKS = (
    registers_once,
    converges,
    is_read_as_it_is,
    is_read_without_its_event,
    turns_the_log_on,
    silence_is_failure,
    skips_a_shared_template,
    rebinds_at_a_renewal,
    unregisters_once,
    leaves_a_script_behind_to_be_taken,
    tells_the_policy,
)
