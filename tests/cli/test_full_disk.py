"""Output that cannot be written: the work goes on, and one sentence and the status say it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import Ran
from cli.fifty_hosts import Many
from labs import is_rebound, rebind_words, restored, swap

from psrebind.lab.stage.lab import Lab, LabHost

FULL = Path("/dev/full")
SENTENCE = "psrebind: the output could not be written: No space left on device"
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")


@pytest.fixture
def environment(fifty: Lab, inventory: Path) -> dict[str, str]:
    """Where the inventory, the password and the folder of states before are looked for."""
    return os.environ | {
        "PSREBIND_PASSWORD": fifty.password,
        "PSREBIND_INVENTORY": str(inventory),
        "PSREBIND_BEFORE_FOLDER": str(inventory.parent / "before"),
    }


def on_a_full_disk(
    words: list[str], environment: Mapping[str, str], *, stderr: bool = False
) -> Ran:
    """Run a command whose stdout, and stderr where wanted, is a disk without space."""
    with FULL.open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "psrebind", *words],
            env=environment,
            stdout=full,
            stderr=full if stderr else subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    return Ran(ran.returncode, "", ran.stderr or "")


@pytest.fixture
def twins(fifty: Lab) -> Iterator[tuple[LabHost, LabHost]]:
    """Two hosts where the same renewal waits."""
    one, other = fifty.hosts["web02"], fifty.hosts["web08"]
    with restored(one), restored(other):
        state = one.host.state
        other.host.change(lambda now: replace(state, facts=now.facts))
        yield one, other


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize("stderr", [False, True])
def test_a_run_goes_on(
    fifty: Lab,
    environment: dict[str, str],
    twins: tuple[LabHost, LabHost],
    form: str,
    stderr: bool,
) -> None:
    """All hosts are changed, and where there is a stderr it says so: once what was lost, and 2."""
    waiting = swap(fifty, "web02")
    words = ["rebind", "web02,web08", "--old", waiting.old, "--new", waiting.new, "-y", "-f", form]
    ran = on_a_full_disk(words, environment, stderr=stderr)
    assert ran.status == 2
    assert all(
        one.thumbprint in (None, waiting.new) for twin in twins for one in twin.host.state.records
    )
    if not stderr:
        assert ran.err.count(SENTENCE) == 1
        assert "2 changed" in ran.err
        assert "Traceback" not in ran.err


def test_a_rebind_of_one_host_is_told(
    fifty: Lab, environment: dict[str, str], twins: tuple[LabHost, LabHost]
) -> None:
    """What was changed, and the way back, are on stderr."""
    words = rebind_words(fifty, twins[0], "--user", fifty.user)
    ran = on_a_full_disk(words, {**environment, "PSREBIND_INVENTORY": ""})
    assert ran.status == 2
    assert SENTENCE in ran.err
    assert "3 bindings changed" in ran.err
    assert "to go back" in ran.err
    assert is_rebound(fifty, twins[0])


@pytest.mark.parametrize("words", [["bindings", "web01"], ["operations"], ["--version"], ["-h"]])
def test_a_look_is_one_sentence_and_2(environment: dict[str, str], words: list[str]) -> None:
    """Nothing but that the output could not be written, and why."""
    ran = on_a_full_disk(words, environment)
    assert (ran.status, ran.err) == (2, SENTENCE + "\n")


def with_little_disk(blocks: int, environment: Mapping[str, str]) -> Ran:
    """Ask two hosts for CSV where no file may have more blocks of half or one KiB."""
    command = [sys.executable, "-m", "psrebind", "bindings", "web01,web02", "-f", "csv"]
    ran = subprocess.run(
        ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_rows_that_cannot_wait_are_told(environment: dict[str, str]) -> None:
    """CSV of many hosts waits on the disk; where that is full the hosts are still counted."""
    ran = with_little_disk(1, environment)
    assert ran.status == 2
    assert "the rows could not be kept until the end: " in ran.err
    assert "2 done" in ran.err


def test_without_a_place_to_wait_nothing_is_sent(environment: dict[str, str]) -> None:
    """Where there is no room for a temporary file at all, that is said before anything is sent."""
    ran = with_little_disk(0, environment)
    assert (ran.status, ran.out) == (5, "")
    assert "CSV of many hosts needs a temporary file" in ran.err


def test_a_bug_in_what_prints_ends_the_run_with_1(
    many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each host that met it failed, the others went on, and all are told in the end."""
    monkeypatch.setattr("psrebind.cli.commands.bindings.binding_row", lambda _: [][1])
    ran = many("bindings", "all", "--forks", "1")
    assert ran.status == 1
    assert "IndexError" in ran.err
    assert "hosts failed: web01, " in ran.err
    assert ": a bug in psrebind" in ran.err
    assert "skipped" not in ran.err
