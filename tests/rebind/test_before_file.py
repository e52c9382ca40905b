"""The state before, on disk before anything is sent."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from certificates import make
from observations import observed, record, renewal, stored

from psrebind.errors import InvalidInput
from psrebind.iis_model import IIS_APPLICATION_ID
from psrebind.rebind.before_file import default_folder, states_before, write_before
from psrebind.rebind.plan import plan
from psrebind.services.steps import Step

OLD, NEW = make("a.example", "b.example"), make("a.example", "b.example")
MOMENT = datetime(2026, 6, 1, 12, 0, 0, 5, tzinfo=UTC)


def steps() -> tuple[Step, ...]:
    """Two steps, the first of two sites."""
    bindings = ["*:443:", "*:443:b.example", "*:443:ä.example 1"]
    records = [record("0.0.0.0:443", OLD, DefaultFlags=2), record("ä.example:443", OLD)]
    return plan(observed(bindings, records, [stored(OLD), stored(NEW)]), renewal(OLD, NEW)).steps


def test_lines(tmp_path: Path) -> None:
    """Each step is one line with its bindings, the whole record before, and what is wanted."""
    path = write_before("web01", steps(), folder=tmp_path / "new" / "folder", now=MOMENT)
    assert path.name == "20260601T120000.000005Z-web01.jsonl"
    first, second = (json.loads(line) for line in path.read_text("ascii").splitlines())
    assert first["host"] == "web01"
    assert first["renewal"] == {"old": OLD.thumbprint, "new": NEW.thumbprint}
    assert first["wanted"] == {"thumbprint": NEW.thumbprint, "store": "My"}
    assert [binding["site"] for binding in first["places"]] == ["A", "B"]
    before = first["record"]
    assert before["thumbprint"] == OLD.thumbprint
    assert before["values"] == {"DefaultFlags": 2}
    assert second["places"][0]["information"] == "*:443:ä.example"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_nobody_else_looks_in(tmp_path: Path) -> None:
    """Each folder that is made for the file is the user's alone, under any umask."""
    before = os.umask(0)
    try:
        path = write_before("web01", steps(), folder=tmp_path / "one" / "two", now=MOMENT)
    finally:
        os.umask(before)
    made = (path, path.parent, path.parent.parent)
    assert [one.stat().st_mode & 0o777 for one in made] == [0o600, 0o700, 0o700]


@pytest.mark.skipif(os.name == "nt", reason="Windows opens no folder")
def test_it_outlives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole file is forced to the disk, and then its name in the folder."""
    forced: list[tuple[int, int]] = []

    def watch(descriptor: int) -> None:
        seen = os.fstat(descriptor)
        forced.append((seen.st_ino, seen.st_size))

    monkeypatch.setattr(os, "fsync", watch)
    path = write_before("web01", steps(), folder=tmp_path)
    assert [number for number, _ in forced] == [path.stat().st_ino, tmp_path.stat().st_ino]
    assert forced[0][1] == path.stat().st_size > 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_user_reads(tmp_path: Path) -> None:
    """The file and a folder made for it are the user's alone."""
    path = write_before("web01", steps(), folder=tmp_path / "before")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("host", ["2001:db8::1", "../../etc/passwd", "a b/c"])
def test_host_in_file_name(tmp_path: Path, host: str) -> None:
    """Whatever a host is called, its file lies in the folder and the line has its true name."""
    path = write_before(host, steps(), folder=tmp_path)
    assert path.parent == tmp_path
    assert ":" not in path.name
    assert json.loads(path.read_text().splitlines()[0])["host"] == host


def test_never_over_a_file(tmp_path: Path) -> None:
    """A file that is there is kept: nothing is sent instead."""
    path = write_before("web01", steps(), folder=tmp_path, now=MOMENT)
    kept = path.read_bytes()
    with pytest.raises(InvalidInput, match="the change was not sent"):
        write_before("web01", steps()[:1], folder=tmp_path, now=MOMENT)
    assert path.read_bytes() == kept


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    """A folder that cannot be made refuses the run in one sentence."""
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(InvalidInput, match="the change was not sent"):
        write_before("web01", steps(), folder=place)


def test_default_folder() -> None:
    """Without a folder it is the user's data folder."""
    assert default_folder().parts[-2:] == ("psrebind", "before")


RECORD = {
    "kind": "hostnameport",
    "endpoint": "ä.example:443",
    "thumbprint": OLD.thumbprint,
    "store": "My",
    "application_id": IIS_APPLICATION_ID,
    "values": {"DefaultFlags": 2},
}


@pytest.mark.parametrize(
    "kept",
    [{"record": RECORD, "bindings": [{"record": None}]}, {"bindings": [{"record": RECORD}]}],
    ids=["record", "binding"],
)
def test_files_of_earlier_versions(tmp_path: Path, kept: dict[str, object]) -> None:
    """Their lines name no service; one that is cut off or of another host says nothing."""
    head = {"host": "web01", "written": MOMENT.isoformat()}
    renewed = {"renewal": {"old": OLD.thumbprint, "new": NEW.thumbprint}}
    end = {"host": "web01", "kind": "hostnameport", "endpoint": "Ä.example:443", "ended": True}
    path = tmp_path / "20260601T120000.000005Z-web01.jsonl"
    lines = [json.dumps(head | renewed | kept), json.dumps(end | {"host": "web02"})]
    for more, ended in (([], False), ([json.dumps(end), '{"host": "web01", "rec'], True)):
        path.write_text("\n".join((*lines, *more)))
        (found,) = states_before("web01", tmp_path).values()
        assert found.state == record("ä.example:443", OLD, DefaultFlags=2).record
        assert (found.renewal, found.written, found.ended) == (renewal(OLD, NEW), MOMENT, ended)
