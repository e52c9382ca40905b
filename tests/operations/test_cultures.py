"""The operations where PowerShell speaks Thai or Turkish: a short set of their checks.

In Thai punctuation counts for nothing where texts are compared by language, in Turkish the I is no
capital of the i.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import run
from labs import Check, connect, running
from operations import changes, notice_checks, notification_checks, queries, renewal_checks
from operations import task_checks as tasks

from psrebind.lab.stage.lab import Lab
from psrebind.lab.stage.scenario import ALL_NAMES
from psrebind.script import Script
from psrebind.templates import Library

CULTURES = ("th-TH", "tr-TR")
# A reply that says in place of the host's culture which one texts are compared by.
SAYS = (
    'param($Secrets) \'{"powershell":"7","language_mode":"FullLanguage","process_bits":64,\' +'
    """ '"clock":"2026-01-01T00:00:00Z","bodies":[],"ui_culture":"' +"""
    """ [cultureinfo]::CurrentCulture.Name + '"}'"""
)
CHECKS = (
    queries.reads_both_stores,
    queries.finds_each_record,
    queries.describes_the_host,
    queries.constrained_language_reads_and_refuses,
    changes.changes_once,
    changes.keeps_options,
    changes.moves_between_stores,
    changes.an_odd_site_name_is_found,
    renewal_checks.keeps_options,
    tasks.converges,
    tasks.spelling_is_no_change,
    tasks.names_other_tasks,
    tasks.tells_the_last_run,
    notice_checks.reads_a_renewal,
    notice_checks.says_what_the_logs_are,
    notification_checks.converges,
    notification_checks.unregisters_once,
)


@pytest.fixture(scope="module", params=CULTURES)
def culture(request: pytest.FixtureRequest) -> Iterator[str]:
    """A culture of the operating system's, as a user's environment names it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [one for one in os.environ if one.startswith("LC_")]:
            patch.delenv(name)
        patch.setenv("LANG", f"{request.param.replace('-', '_')}.UTF-8")
        yield request.param


@pytest.fixture(scope="module")
def lab(culture: str, pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab of six hosts whose PowerShell speaks the culture's language."""
    with running(tmp_path_factory.mktemp("lab"), pwsh, names=ALL_NAMES) as found:
        yield found


@pytest.mark.engine
def test_the_engine_takes_the_culture(culture: str, pwsh: Path) -> None:
    """What the others rely on: PowerShell runs as it was told, or they would show nothing."""
    said = run(pwsh, "(Get-Culture).Name\n'{0:yyyy}' -f [datetime]'2026-01-01'\n").splitlines()
    assert said == [culture, "2569" if culture == "th-TH" else "2026"]


@pytest.mark.engine
def test_a_host_of_the_lab_takes_it(culture: str, lab: Lab) -> None:
    """So does a shell of the lab, whose Get-Culture is the simulated host's own."""
    with connect(lab) as session:
        assert session.invoke(Script(SAYS)).ui_culture == culture


@pytest.mark.engine
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract_holds_in_every_language(lab: Lab, check: Check) -> None:
    """What must hold of an operation holds, whatever language the session compares by."""
    with connect(lab) as session:
        check(lab, session, Library())
