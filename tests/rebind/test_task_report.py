"""What is said of a host's rebind task: rows in, one report out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from certificates import NOW
from decode.task_cases import WANTED, edited
from renewal_cases import bound, name, replaced

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.decode.task_words import NOTIFICATION_NAME, NOTIFICATION_PATH
from psrebind.decode.tasks import TASK_NAME, TASK_PATH
from psrebind.operations.get_lifecycle_event import ChannelEvents, UnreadableEvent
from psrebind.operations.get_rebind_notification import NotificationState
from psrebind.operations.get_rebind_task import RebindTasks, TaskRow
from psrebind.operations.register_rebind_notification import handler
from psrebind.rebind.event_outcome import Handled
from psrebind.rebind.events import EventReport
from psrebind.rebind.task_report import (
    TaskMethod,
    TaskReport,
    Tasks,
    notification_differences,
    report,
)

NEVER = datetime(1999, 11, 30, tzinfo=UTC)
MINE = TaskRow(TASK_PATH, TASK_NAME, "Ready", WANTED, NEVER, 267011)
SCRIPT = (
    r'-NonInteractive -File "C:\Program Files\psrebind\rebind.ps1" '
    "-OldCertHash $(OldCertHash) -NewCertHash $(NewCertHash)"
)
NOTIFICATION_XML = edited(
    r"<Command>%SystemRoot%\System32\inetsrv\appcmd.exe</Command>",
    "<Command>powershell.exe</Command>",
).replace("renew binding /oldcert:$(OldCertHash) /newcert:$(NewCertHash)", SCRIPT)
NOTIFICATION = replace(MINE, path=NOTIFICATION_PATH, name=NOTIFICATION_NAME, xml=NOTIFICATION_XML)
PATH = r"C:\Program Files\psrebind\rebind.ps1"
GOOD = NotificationState(PATH, handler(), "Ready", SCRIPT, True)
LOG = ChannelEvents(SYSTEM_CHANNEL, True, 1, NOW, ())


def told(
    *tasks: TaskRow,
    method: TaskMethod = TaskMethod.APPCMD,
    notification: NotificationState | None = None,
    found: Any = (),
    bindings: Any = (),
    **rows: Any,
) -> TaskReport:
    """The report on some tasks, on a host whose log is on."""
    read = replace(RebindTasks(True, tasks, (), autoenrollment=True), **rows)
    if method is TaskMethod.NOTIFICATION:
        notification = notification or GOOD
    return report(
        method, Tasks(read, notification), EventReport((LOG,), found), places=bindings, chains=()
    )


def test_a_host_without_the_task() -> None:
    """Absent is no fault: nobody may have wanted it."""
    found = told()
    assert (found.present, found.state, found.last_result) == (False, None, None)
    assert not found.needs_person


def test_the_task_as_registered() -> None:
    """No differences, never ran, and the log from its oldest event on."""
    found = told(MINE)
    assert (found.present, found.differences, found.state) == (True, (), "Ready")
    assert (found.last_run, found.last_result) == (None, "never ran")
    assert (found.channel, found.reach) == (True, NOW)
    assert not found.needs_person


def test_the_place_of_a_task_has_no_case() -> None:
    """Windows does not tell upper from lower case in a task's name."""
    assert told(replace(MINE, path=TASK_PATH.upper(), name=TASK_NAME.lower())).present


def test_each_difference_is_a_sentence() -> None:
    """An edited task needs a person, and says where."""
    found = told(replace(MINE, xml=edited("EventID=1001", "EventID=1006")))
    (sentence,) = found.differences
    assert "EventID=1006" in sentence
    assert found.needs_person


def test_xml_that_is_none_is_a_difference() -> None:
    """What cannot be read is said, not raised."""
    (sentence,) = told(replace(MINE, xml="<Task")).differences
    assert "cannot be read" in sentence


@pytest.mark.parametrize(
    ("result", "words"), [(0, "succeeded"), (0x80070002, "failed: a file was not found")]
)
def test_the_last_run_in_words(result: int, words: str) -> None:
    """A run has its time and its result."""
    found = told(replace(MINE, last_run=NOW, last_result=result))
    assert (found.last_run, found.last_result) == (NOW, words)


@pytest.mark.parametrize("enabled", [False, None])
def test_a_log_that_is_off(enabled: bool | None) -> None:
    """A task without its log needs a person; without the task nobody minds."""
    assert told(MINE, enabled=enabled).needs_person
    assert not told(enabled=enabled).needs_person


def test_others_on_the_same_event() -> None:
    """Duplicates, notification tasks and other programs are named with what they do."""
    duplicate = replace(MINE, path="\\Home\\", name="Mine")
    program = replace(duplicate, name="Program", xml=edited("appcmd.exe", "tool.exe"))
    other_event = replace(duplicate, name="Expiry", xml=edited("EventID=1001", "EventID=1003"))
    broken = replace(duplicate, name="Broken", xml="<Task")
    found = told(MINE, duplicate, NOTIFICATION, program, other_event, broken).others
    assert [one.name.rpartition("\\")[2] for one in found] == [
        "Mine",
        NOTIFICATION_NAME,
        "Program",
        "Broken",
    ]
    words = ("a duplicate", "a PKI notification task", "tool.exe", "cannot be read")
    assert all(word in one.does for word, one in zip(words, found, strict=True))


def test_the_notification_task() -> None:
    """By its method it is the host's own, and the other one is then the other."""
    found = told(MINE, NOTIFICATION, method=TaskMethod.NOTIFICATION)
    assert (found.present, found.differences) == (True, ())
    assert [one.name for one in found.others] == [f"{TASK_PATH}{TASK_NAME}"]


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"handler": None}, f"its script {PATH} is not there"),
        ({"handler": "exit 0"}, f"its script {PATH} has another text"),
        ({"state": "Disabled"}, "it is disabled"),
        ({"waiting": False}, "it does not wait for replaced certificates of this computer"),
        (
            {"arguments": SCRIPT.replace("Program Files", r"Users\Public")},
            "it runs PowerShell with '"
            + SCRIPT.replace("Program Files", r"Users\Public")
            + "', not psrebind's script",
        ),
        ({"arguments": None}, "it runs PowerShell with '', not psrebind's script"),
    ],
)
def test_an_odd_notification_task(odd: dict[str, Any], words: str) -> None:
    """Each thing that enabling repairs is a sentence, and needs a person."""
    found = told(NOTIFICATION, method=TaskMethod.NOTIFICATION, notification=replace(GOOD, **odd))
    assert found.differences == (words,)
    assert found.needs_person


def test_a_path_of_a_script_has_no_case() -> None:
    """Windows does not tell upper from lower case in a file's name, nor does PowerShell."""
    assert notification_differences(replace(GOOD, arguments=SCRIPT.upper())) == ()


def test_shared_templates_are_dangerous_with_the_task_only() -> None:
    """Failure 2 of the field notes needs a person where the task is there."""
    shared = ((name(1), name(2)),)
    assert told(MINE, shared=shared).needs_person
    assert not told(shared=shared).needs_person
    assert not told(MINE, shared=shared, autoenrollment=False).needs_person


def test_each_event_has_its_standing() -> None:
    """A renewal whose old certificate is still bound needs a person, task or not."""
    events = [replaced(1, 2, record_id=5), UnreadableEvent(SYSTEM_CHANNEL, "has no event id")]
    found = told(found=events, bindings=[bound(1)])
    (notice,) = found.notices
    assert (notice.record_id, notice.old, notice.new) == (5, name(1), name(2))
    assert notice.handled is Handled.NO
    assert found.unreadable == ("has no event id",)
    assert found.needs_person
    assert not told(found=events[:1], bindings=[bound(2)]).needs_person
    assert told(found=events[1:], bindings=[bound(2)]).needs_person


def test_a_renewal_that_was_taken_back_needs_nobody() -> None:
    """Where a later event put the old certificate back, that it is bound is no fault."""
    events = [replaced(2, 1, record_id=6), replaced(1, 2, record_id=5)]
    found = told(found=events, bindings=[bound(1)])
    assert [one.handled for one in found.notices] == [Handled.YES, Handled.OVERTAKEN]
    assert not found.needs_person
