"""What a check asks and what is typed for it, without a host."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest
from check_host.__main__ import main
from check_host.orders import TASK
from check_host.questions import Answers, Verdict, defaults, sentences
from check_host.task_exports import FULL, MINIMAL, settle_exports

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.task_export import export
from psrebind.lab.windows.task_xml import RegisteredTask

EXPORTS = [one.name for one in fields(Assumptions) if one.name.startswith("task_export_")]


@pytest.mark.parametrize("name", EXPORTS)
def test_what_registration_does_to_a_task(name: str) -> None:
    """Each assumption on an export, turned round, is seen in the two tasks of a check."""
    assumptions = replace(Assumptions(), **{name: not defaults()[name]})
    full, minimal = (
        export(RegisteredTask(path="\\", name=TASK, xml=xml, enabled=False), assumptions)
        for xml in (FULL, MINIMAL)
    )
    answers = Answers()
    settle_exports(answers, full, minimal)
    assert answers.found[name].verdict is Verdict.DIFFERS
    # Filling in and saying ServiceAccount hide whether anything is dropped.
    hidden = {"task_export_fills_defaults", "task_export_says_service_account"}
    others = [one for one in EXPORTS if one != name and name not in hidden]
    assert all(answers.found[one].verdict is Verdict.AGREES for one in others)


def test_every_question_has_its_sentence() -> None:
    """Each assumption is asked, in its own words."""
    asked = Answers().all(changes=False)
    assert [one.question for one in asked][: len(fields(Assumptions))] == [
        one.name for one in fields(Assumptions)
    ]
    assert all(sentences()[one.question] and one.because for one in asked)


@pytest.mark.parametrize(
    "words", [["127.0.0.1:x"], ["a", "--timeout", "5"], ["a,b", "--auth", "kerberos"], []]
)
def test_wrong_words_send_nothing(words: list[str]) -> None:
    """What cannot be checked is refused before a host is asked."""
    assert main(words) == 5


@pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
def test_make_takes_only_a_user_that_was_typed() -> None:
    """The shell's own USER is nobody of Windows; CHANGES=yes alone asks for changes."""

    def line(*words: str) -> str:
        found = subprocess.run(
            ["make", "-n", "check-host", "HOST=web01", *words],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={"USER": "root", "PATH": "/usr/bin:/bin"},
        )
        return " ".join(found.stdout.split())

    assert "--user" not in line()
    assert "--changes" not in line("CHANGES=no")
    typed = line("USER=LAB\\admin", "CHANGES=yes", "ARGS=--ssl")
    assert "check_host 'web01' \\ --user 'LAB\\admin' \\ --changes --ssl" in typed
