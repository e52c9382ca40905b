"""Tasks in words: what others do on the same event, and how a last run ended."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from decode.task_cases import SUBSCRIPTION, WANTED, edited

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.decode.task_words import last_result_words, rebinds


def other(
    execute: str, arguments: str, *, channel: str = SYSTEM_CHANNEL, number: str = "=1001"
) -> str:
    """A task of somebody else's on an event."""
    subscription = SUBSCRIPTION.replace(SYSTEM_CHANNEL, channel).replace("=1001", number)
    return (
        f"<Task><Triggers><EventTrigger>{subscription}</Subscription></EventTrigger></Triggers>"
        f"<Actions><Exec><Command>{execute}</Command><Arguments>{arguments}</Arguments></Exec>"
        "</Actions></Task>"
    )


POWERSHELL = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"
NOTIFICATION = (
    '-NonInteractive -File "C:\\My Scripts\\ReplaceOMCert.ps1" -OldCertHash $(OldCertHash)'
    " -NewCertHash $(NewCertHash) -EventRecordId $(EventRecordId)"
)


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (WANTED, "rebinds IIS by appcmd, as the task of IIS Manager does: a duplicate"),
        (
            other(POWERSHELL, NOTIFICATION),
            "runs the script 'C:\\My Scripts\\ReplaceOMCert.ps1', a PKI notification task",
        ),
        (other("C:\\tool.exe", "--now"), "runs 'C:\\tool.exe --now'"),
        (other("a", "b", number="&gt;=1000"), "runs 'a b'"),
        (other("a", "b", number="=1006 or EventID = 1001"), "runs 'a b'"),
        (other("a", "b", number="=1006"), None),
        (other("a", "b", channel=USER_CHANNEL), None),
        (edited("<EventTrigger><Enabled>true", "<EventTrigger><Enabled>false"), None),
        (re.sub("<Triggers>.*</Triggers>", "", WANTED), None),
        (
            re.sub("<Exec>.*</Exec>", "<ComHandler><ClassId>{1}</ClassId></ComHandler>", WANTED),
            "runs 'ComHandler {1}'",
        ),
        (re.sub("<Exec>.*</Exec>", "", WANTED), "does nothing"),
    ],
)
def test_other_tasks_on_the_same_event(xml: str, words: str | None) -> None:
    """Another task is told by its actions; one that does not hear the event is none."""
    assert rebinds(xml) == words


@pytest.mark.parametrize(
    ("code", "last_run", "words"),
    [
        (0, datetime(2026, 11, 20), "succeeded"),
        (0, datetime(1999, 11, 30), "never ran"),
        (0, None, "succeeded"),
        (267011, datetime(1999, 11, 30), "never ran"),
        (267011, None, "never ran"),
        (267009, datetime(1999, 11, 30), "running now"),
        (0x80070002, None, "failed: a file was not found"),
        (-2147024894, None, "failed: a file was not found"),
        (0x80070520, None, "failed: a specified logon session does not exist (1312)"),
        (0x8007BEEF, None, "failed with 0x8007BEEF"),
        (50, None, "ended with 50 (0x32)"),
    ],
)
def test_last_result(code: int, last_run: datetime | None, words: str) -> None:
    """A known number is words, an unknown one the number, and 1999 means never."""
    assert last_result_words(code, last_run) == words
