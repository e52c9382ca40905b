"""What a check asks and what is typed for it, without a host."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from psrebind.check_host.operations import TASK
from psrebind.check_host.questions import Answers, Verdict, questions_of
from psrebind.check_host.task_exports import FULL, MINIMAL, settle_exports
from psrebind.cli import main
from psrebind.decode.tasks import wanted_xml
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.task_export import export
from psrebind.lab.windows.task_xml import RegisteredTask

QUESTIONS = questions_of(Assumptions())
EXPORTS = [one.name for one in fields(Assumptions) if one.name.startswith("task_export_")]


@pytest.mark.parametrize("name", EXPORTS)
def test_what_registration_does_to_a_task(name: str) -> None:
    """Each assumption on an export, turned round, is seen in the two tasks of a check."""
    assumptions = replace(Assumptions(), **{name: not QUESTIONS[name].assumed})
    full, minimal = (
        export(RegisteredTask(path="\\", name=TASK, xml=xml, enabled=False), assumptions)
        for xml in (FULL, MINIMAL)
    )
    answers = Answers(QUESTIONS)
    settle_exports(answers, full, minimal)
    assert answers.found[name].verdict is Verdict.DIFFERS
    # Filling in and saying ServiceAccount hide whether anything is dropped.
    hidden = {"task_export_fills_defaults", "task_export_says_service_account"}
    others = [one for one in EXPORTS if one != name and name not in hidden]
    assert all(answers.found[one].verdict is Verdict.AGREES for one in others)


def test_every_question_has_its_sentence() -> None:
    """Each assumption is asked, in its own words."""
    asked = Answers(QUESTIONS).all(changes=False)
    assert [one.question for one in asked][: len(fields(Assumptions))] == [
        one.name for one in fields(Assumptions)
    ]
    assert all(one.sentence and one.because for one in asked)


@pytest.mark.parametrize(
    "words",
    [
        ["127.0.0.1:x"],
        ["a", "--timeout", "5"],
        ["a,b", "--auth", "kerberos"],
        [],
    ],
)
def test_wrong_words_send_nothing(words: list[str]) -> None:
    """What cannot be checked is refused before a host is asked."""
    assert main(["check-host", *words]) == 5


def test_the_task_of_a_check_is_disabled() -> None:
    """The task that a check registers is IIS Manager's own, but for that nothing starts it."""
    assert wanted_xml() != FULL
    assert FULL.count("<Enabled>false</Enabled><Hidden>") == 1
