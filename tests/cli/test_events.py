"""The commands on events: of a host of the lab, and of files."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.command_line import Command
from labs import restored, running, swap

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.lab.stage import renewals
from psrebind.lab.stage.lab import Lab, LabHost

DATA = Path(__file__).parents[1] / "data" / "events"
OFF = ["sl", SYSTEM_CHANNEL, "/e:false"]
REPLACED = DATA / "1001-replaced.xml"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three hosts on the air, answered by the model."""
    with running(tmp_path_factory.mktemp("lab"), None) as found:
        yield found


@pytest.fixture
def host(lab: Lab) -> Iterator[LabHost]:
    """A host after a renewal: events 1006, 1001, 1005."""
    with restored(lab.hosts["web01"]) as found:
        renewals.renew(found.host, lab.scenario.authority, swap(lab, "web01").old)
        yield found


def ids(text: str) -> list[int]:
    """The ids of JSON lines."""
    return [json.loads(line)["id"] for line in text.splitlines()]


def test_events_of_a_host(as_admin: Command, host: LabHost, lab: Lab) -> None:
    """The table has meaning, action, both thumbprints and names; the log's reach comes first."""
    ran = as_admin("events", host.address)
    old = swap(lab, "web01").old
    line = next(one for one in ran.out.splitlines() if "1001 replaced" in one)
    assert ran.status == 0
    assert all(word in line for word in (f"shop.example {old[:8]} → ", "renew", "intranet.example"))
    told = f"{host.address}: the certificate lifecycle log of the computer is on; it has 3 events"
    assert told in ran.err.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [1005, 1001, 1006]),
        (("--id", "1001", "--id", "1006"), [1001, 1006]),
        (("--newest", "1"), [1005]),
        (("--record", "2"), [1001]),
        (("--record", "2", "--id", "1005"), []),
        (("--since", "2d", "--until", "1h"), []),
        (("--since", "1h"), [1005, 1001, 1006]),
        (("--channel", "user"), []),
        (("--channel", "both"), [1005, 1001, 1006]),
    ],
)
def test_filters(
    as_admin: Command, host: LabHost, words: tuple[str, ...], found: list[int]
) -> None:
    """Each filter is the host's own; options may stand before the target."""
    assert ids(as_admin("events", host.address, *words, "-f", "jsonl").out) == found
    assert ids(as_admin("events", *words, host.address, "-f", "jsonl").out) == found


def test_events_of_one_certificate(as_admin: Command, host: LabHost, lab: Lab) -> None:
    """A thumbprint is taken as people paste it."""
    old = swap(lab, "web01").old.lower()
    ran = as_admin("events", host.address, "--thumbprint", f"\u200e{old}", "-f", "jsonl")
    assert ids(ran.out) == [1005, 1001]


def test_what_was_left_out_is_said(as_admin: Command, host: LabHost) -> None:
    """A list that was cut says so, and a log that does not reach so far."""
    ran = as_admin("events", host.address, "--newest", "1", "--since", "3w")
    assert "only the newest 1 of" in ran.err
    assert ", not to " in ran.err


def test_a_log_that_is_off_is_told(as_admin: Command, host: LabHost) -> None:
    """A log that records nothing now is no empty log."""
    host.host.call("native", {"program": "wevtutil.exe", "arguments": OFF})
    ran = as_admin("events", host.address, "-f", "jsonl")
    assert ids(ran.out) == [1005, 1001, 1006]
    told = "the certificate lifecycle log of the computer is off: it records nothing now; it has 3"
    assert f"{host.address}: {told}" in ran.err


def test_the_word_show_may_be_written(as_admin: Command, host: LabHost) -> None:
    """It is there for a host whose name is that of a command."""
    ran = as_admin("events", "show", "decode", "--address", host.address, "-f", "jsonl")
    assert ids(ran.out) == [1005, 1001, 1006]


def test_files_need_no_host(psrebind: Command) -> None:
    """Several files at a time, with where each event comes from."""
    ran = psrebind("events", "decode", str(REPLACED), str(REPLACED), "-f", "json")
    rows = json.loads(ran.out)
    assert (ran.status, [row["id"] for row in rows]) == (0, [1001, 1001])
    assert {row["source"] for row in rows} == {str(REPLACED)}
    assert rows[0]["meaning"] == "replaced"


def test_standard_input(psrebind: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash is what comes through the pipe."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(REPLACED.read_bytes())))
    ran = psrebind("events", "decode", "-", "-f", "jsonl")
    assert (ran.status, ids(ran.out)) == (0, [1001])


def test_a_file_that_is_refused(psrebind: Command, tmp_path: Path) -> None:
    """One sentence with its name and status 5; the other files are decoded all the same."""
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("no events here")
    ran = psrebind("events", "decode", str(wrong), str(REPLACED), "-f", "jsonl")
    assert (ran.status, ids(ran.out)) == (5, [1001])
    assert str(wrong) in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_record_that_cannot_be_read(psrebind: Command, tmp_path: Path) -> None:
    """The events around it are shown, and status 3 says that a person should look."""
    file = tmp_path / "events.xml"
    event = REPLACED.read_text("utf-8")
    broken = event.replace("1001", "none")
    file.write_text(f"{event}\n{broken}\n")
    ran = psrebind("events", "decode", str(file), "-f", "jsonl")
    assert (ran.status, ids(ran.out)) == (3, [1001])
    assert "has no event id" in ran.err


def test_help_tells_both_words(psrebind: Command) -> None:
    """The help of the group names the target and the files."""
    ran = psrebind("events", "--help")
    assert (ran.status, "events TARGET" in ran.out) == (0, True)
    assert "decode" in ran.out
