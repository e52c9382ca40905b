"""A check on a lab without a PowerShell: queries, the report, and what the command says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import connect, running, sent

from psrebind.check_host.check import HostCheck
from psrebind.check_host.questions import Verdict, questions_of
from psrebind.check_host.report import Report, document, write
from psrebind.cli import main
from psrebind.errors import HostError
from psrebind.lab.stage.lab import Lab
from psrebind.lab.windows.assumptions import Assumptions


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Lab]:
    """A running lab without one: enough for queries."""
    with running(tmp_path / "lab", None, names=["web01"]) as found:
        yield found


def check(lab: Lab, *, changes: bool = False) -> Report:
    """What the command does between its options and its report."""
    return HostCheck(
        name="web01",
        address=lab.hosts["web01"].address,
        open_session=lambda: connect(lab),
        questions=questions_of(Assumptions()),
        on_step=lambda _: None,
        changes=changes,
    ).run()


def test_without_changes_nothing_changes(model: Lab) -> None:
    """Only queries are sent: the host's state is the very same, and the rest is left open."""
    host = model.hosts["web01"]
    before = host.host.state
    report = check(model)
    assert host.host.state is before
    assert not report.failed
    settled = {one.question for one in report.answers if one.verdict is not Verdict.UNSETTLED}
    assert settled >= {"empty_ctl_values_present", "blob_property_key", "blob_property_renewal"}
    left = {one.because for one in report.answers if one.question == "add_resets_options"}
    assert "--changes asks it" in left.pop()


def test_the_model_cannot_be_changed_by_a_check(model: Lab) -> None:
    """Without a PowerShell the changes fail, the report says so, and nothing is left."""
    host = model.hosts["web01"]
    before = host.host.state
    report = check(model, changes=True)
    assert report.failed
    assert host.host.state is before
    assert report.checks[-1].name == "the changes of the check"


def test_the_command_writes_its_report(
    model: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two files without the password, a table, where to send them, and status 0."""
    monkeypatch.setenv("PSREBIND_PASSWORD", model.password)
    address, folder = model.hosts["web01"].address, tmp_path / "reports"
    words = ["check-host", address, "--user", model.user, "--folder", str(folder)]
    assert main(words) == 0
    told = capsys.readouterr()
    files = sorted(folder.iterdir())
    assert [one.suffix for one in files] == [".json", ".md"]
    assert not any(model.password in one.read_text() for one in files)
    assert model.password not in told.out + told.err
    assert "blob_property_key" in told.out
    assert "Please send both files" in told.err


def test_changes_are_asked_for(
    model: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody is there to agree, nothing is sent; --yes agrees, and the check begins."""
    monkeypatch.setenv("PSREBIND_PASSWORD", model.password)
    host = model.hosts["web01"]
    words = ["check-host", host.address, "--user", model.user, "--folder", str(tmp_path)]
    before = sent(host)
    assert main([*words, "--changes"]) == 5
    assert "nobody is there to agree to the change: add --yes" in capsys.readouterr().err
    assert sent(host) == before
    assert main([*words, "--changes", "--yes"]) == HostError.exit_status
    assert "trying on a site of its own" in capsys.readouterr().err
    assert sent(host) > before


def test_a_failed_check_has_its_status(model: Lab, tmp_path: Path) -> None:
    """A query that psrebind cannot carry out is its own failure: exit status 2."""
    host = model.hosts["web01"]
    host.host.faults["iis.sites"] = "fail"
    report = check(model)
    assert report.failed
    assert [one.name for one in report.checks if one.ok is False] == ["get_iis_binding"]
    data, text = write(report, tmp_path / "out")
    assert "FAILED" in text.read_text()
    assert document(report)["checks"][0]["ok"] is True
    assert data.read_text().isascii()
    assert HostError.exit_status == 2
