"""The Task Scheduler: which events start which tasks, and how they end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lab_tasks import authority, bound_host, edit, events, hashes, last_run, register

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.decode.tasks import wanted_xml
from psrebind.lab.stage import renewals
from psrebind.lab.windows.assumptions import Assumptions

SELECT = "*[System[EventID=1001]]"


def test_renewal_starts_the_rebind_task(tmp_path: Path) -> None:
    """A renewal's 1001 runs appcmd with both hashes, and the binding has the new certificate."""
    where, certificate = bound_host(tmp_path)
    register(where)
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert hashes(where) == [new]
    (done,) = where.state.tasks[0].runs
    event = events(where, SELECT)[0]
    assert (done.record_id, done.result) == (event["record_id"], 0)
    assert f"/oldcert:{certificate.thumbprint.lower()} /newcert:{new.lower()}" in done.line
    assert last_run(where)[0] > "2000"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Enabled>true</Enabled><Sub", "<Enabled>false</Enabled><Sub"),
        ("<Enabled>true</Enabled><Hidden", "<Enabled>false</Enabled><Hidden"),
        ("EventID=1001", "EventID=1002"),
        (SYSTEM_CHANNEL, USER_CHANNEL),
        ("EventTrigger>", "LogonTrigger>"),
        (
            "&lt;/Select&gt;",
            f"&lt;/Select&gt;&lt;Suppress Path='{SYSTEM_CHANNEL}'&gt;{SELECT}&lt;/Suppress&gt;",
        ),
    ],
)
def test_other_tasks_do_not_start(tmp_path: Path, old: str, new: str) -> None:
    """A task that is off, suppresses the event, or waits for something else, does nothing."""
    assert old in wanted_xml()
    where, certificate = bound_host(tmp_path)
    register(where, edit((old, new)))
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert (hashes(where), where.state.tasks[0].runs) == ([certificate.thumbprint], ())


def test_events_before_the_registration_are_not_replayed(tmp_path: Path) -> None:
    """A task registered after the event does not run; the next event starts it once."""
    where, certificate = bound_host(tmp_path)
    second = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    register(where)
    assert hashes(where) == [certificate.thumbprint]
    renewals.renew(where, authority(tmp_path), second)
    assert len(where.state.tasks[0].runs) == 1


def test_channel_off_starts_nothing(tmp_path: Path) -> None:
    """Without an event nothing starts."""
    where, certificate = bound_host(tmp_path)
    register(where)
    where.call(
        "native", {"program": "wevtutil.exe", "arguments": ["sl", SYSTEM_CHANNEL, "/e:false"]}
    )
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert where.state.tasks[0].runs == ()


def test_task_acts_as_system(tmp_path: Path) -> None:
    """The task's program is elevated although whoever is logged on is not."""
    where, certificate = bound_host(tmp_path)
    register(where)
    where.change(lambda state: replace(state, facts=replace(state.facts, elevated=False)))
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert hashes(where) == [new]
    assert where.state.facts.elevated is False


def test_failing_program_is_the_last_result(tmp_path: Path) -> None:
    """What appcmd exits with is the task's last result; the fault asked for reaches it."""
    where, certificate = bound_host(tmp_path)
    register(where)
    where.faults["appcmd"] = "fail"
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert (hashes(where), last_run(where)[1]) == ([certificate.thumbprint], 32)


@pytest.mark.parametrize(
    ("command", "result"),
    [
        ("%SystemRoot%\\System32\\inetsrv\\appcmd.exe", 0),
        ("C:\\Tools\\rebinder.exe", 0x80070002),
        ("%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", 1),
    ],
)
def test_program_of_the_action_decides_the_result(
    tmp_path: Path, command: str, result: int
) -> None:
    """A missing program is file not found; a script is not run and says so by result 1."""
    where, certificate = bound_host(tmp_path)
    appcmd = "%SystemRoot%\\System32\\inetsrv\\appcmd.exe"
    register(where, edit((appcmd, command)))
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert last_run(where)[1] == result


@pytest.mark.parametrize(
    ("stays", "words"), [(False, "/newcert:"), (True, "/newcert:$(NewCertHash)")]
)
def test_missing_value_is_an_assumption(tmp_path: Path, stays: bool, words: str) -> None:
    """A variable that no value query answers is empty or stays as it is written."""
    assumptions = Assumptions(task_missing_value_stays_as_written=stays)
    where, certificate = bound_host(tmp_path, assumptions=assumptions)
    register(where, edit(("NewCertificateDetails/@", "NoSuchDetails/@")))
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert where.state.tasks[0].runs[0].line.endswith(words)


def test_every_task_on_the_event_runs(tmp_path: Path) -> None:
    """Two tasks on one event both run, one after the other."""
    where, certificate = bound_host(tmp_path)
    register(where)
    register(where, name="Duplicate")
    renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    assert [len(one.runs) for one in where.state.tasks] == [1, 1]
