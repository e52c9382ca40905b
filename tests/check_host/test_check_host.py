"""The check against lab hosts: they answer as the lab assumes, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from labs import connect, restored, running

from psrebind.check_host.binding_probes import ADD, REBIND, probe_options
from psrebind.check_host.check import HostCheck
from psrebind.check_host.operations import SITE
from psrebind.check_host.questions import UNASKED, Answers, Verdict, questions_of
from psrebind.check_host.report import Report
from psrebind.check_host.site import CheckTarget, check_site
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_authority import self_signed
from psrebind.lab.windows.certificate_stores import stored
from psrebind.lab.windows.state import HostState

QUESTIONS = questions_of(Assumptions())
# No run on one host settles these, and why is said.
OPEN = {*UNASKED, "renewal_replaces_others_of_template"}
# The longest absence is what a second session sees of it, on a busy machine.
MEASURED = "gap_milliseconds"
FLIPPED: dict[str, Any] = {
    "add_ssl_certificate_deletes_first": True,
    "rebind_ssl_certificate_deletes_first": True,
    "gap_milliseconds": 1500,
    "add_resets_options": False,
    "rebind_resets_options": False,
    "record_flags_follow_ssl_flags": True,
    "ip_port_record_shadows_sni": True,
    "schannel_follows_renewal_link": True,
    "missing_certificate_hresult": 0x80070520,
    "archived_counts_as_missing": True,
    "archived_path_is_missing": True,
    "appcmd_exit_status_on_skip": 7,
    "appcmd_exit_status_on_error": 99,
    "netsh_update_first_build": 14000,
    "netsh_update_keeps_unnamed_options": True,
    "netsh_unknown_parameter_exit_status": 1,
    "empty_ctl_values_present": True,
    "blob_property_archived": 119,
    "blob_property_renewal": 164,
    "blob_property_key": 102,
    "removing_missing_record_fails": False,
    "event_query_maximum_comparisons": 25,
    "task_export_adds_uri": False,
    "task_export_orders_elements": False,
    "task_export_drops_defaults": False,
    "task_export_drops_system_logon_type": False,
}


@pytest.fixture(scope="module")
def lab(pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab with a PowerShell."""
    with running(tmp_path_factory.mktemp("lab"), pwsh) as found:
        yield found


def prepared(host: LabHost, **assumed: Any) -> HostState:
    """Give a host assumptions and a certificate without its key; its state is what must stay."""
    now = datetime.now(UTC)
    lone = stored(self_signed(["lone.example"], now, now + timedelta(days=9)), "My")
    lone = replace(lone, key=None, key_linked=False)

    def change(state: HostState) -> HostState:
        assumptions = replace(state.assumptions, **assumed)
        return replace(state, assumptions=assumptions, certificates=(*state.certificates, lone))

    return host.host.change(change)


def check(lab: Lab, name: str, *, changes: bool = False) -> Report:
    """What the command does between its options and its report."""
    return HostCheck(
        name=name,
        address=lab.hosts[name].address,
        open_session=lambda: connect(lab, name),
        questions=QUESTIONS,
        on_step=lambda _: None,
        changes=changes,
        rounds=2,
    ).run()


def without_events(state: HostState) -> dict[str, Any]:
    """All of a host that a check must leave as it was."""
    return {**asdict(state), "channels": None}


@pytest.mark.engine
def test_a_lab_host_answers_as_it_assumes(lab: Lab) -> None:
    """Every question that one host can settle is settled, as the lab has it by default."""
    with restored(lab.hosts["web01"]) as host:
        before = prepared(host)
        report = check(lab, "web01", changes=True)
        assert without_events(host.host.state) == without_events(before)
    assert (report.failed, report.left) == (False, ())
    for answer in report.answers:
        unsettled = answer.question in {*OPEN, MEASURED, "ccs_keys_are_ports"}
        assert (answer.verdict is Verdict.UNSETTLED) == unsettled, answer
        assert unsettled or answer.seen == answer.assumed, answer
    # What was only not seen does not count as proven.
    so_far = {one.question for one in report.answers if one.verdict is Verdict.SO_FAR}
    assert so_far == {one for one in QUESTIONS if one.endswith("_deletes_first")}
    assert all("CertNotificationData" in event for event in report.evidence.events)
    assert len(report.evidence.events) == 1


@pytest.mark.engine
def test_a_lab_host_that_is_otherwise_answers_otherwise(lab: Lab) -> None:
    """With the assumptions turned round, on a Windows without netsh update, each is seen."""
    with restored(lab.hosts["web03"]) as host:
        before = prepared(host, **FLIPPED)
        report = check(lab, "web03", changes=True)
        assert without_events(host.host.state) == without_events(before)
    assert not report.failed
    answers = {one.question: one for one in report.answers}
    for question, value in FLIPPED.items():
        assert answers[question].verdict is Verdict.DIFFERS, answers[question]
        if question not in {MEASURED, "netsh_update_first_build"}:
            assert answers[question].seen == value, answers[question]
    assert answers[MEASURED].seen >= 100
    assert answers["netsh_update_first_build"].seen == "at most 14393"
    assert answers["ccs_keys_are_ports"].verdict is Verdict.AGREES


def test_every_assumption_is_turned_round() -> None:
    """No assumption that a host can settle is left out of the tests."""
    beats = {"task_export_fills_defaults", "task_export_says_service_account"}
    assert {one.name for one in fields(Assumptions)} == {*FLIPPED, *OPEN, *beats}
    assert all(FLIPPED[name] != QUESTIONS[name].assumed for name in FLIPPED)


@pytest.mark.engine
def test_queries_alone_change_nothing_on_the_engine_either(lab: Lab) -> None:
    """The scripts of a reading leave the state the very same."""
    host = lab.hosts["web02"]
    before = host.host.state
    report = check(lab, "web02")
    assert host.host.state is before
    assert not report.failed


@pytest.mark.engine
def test_what_cannot_be_taken_away_is_said(lab: Lab) -> None:
    """A site that stays is named, with the reason, and the check has failed."""
    with restored(lab.hosts["web01"]) as host:
        host.host.faults["iis.remove_site"] = "fail"
        target = CheckTarget(host.address, 47443, lambda: connect(lab))
        left: list[str] = []
        with connect(lab) as session, check_site(target, session, left=left):
            pass
        assert left[0].startswith(f"site {SITE}: ")
        assert any(one.startswith(f"binding {SITE} *:47443:") for one in left)
        assert not any("certificate" in one for one in left)


@pytest.mark.engine
def test_an_early_end_takes_everything_away(lab: Lab) -> None:
    """Ctrl-C in the middle leaves nothing behind, although its session is gone."""
    with restored(lab.hosts["web01"]) as host:
        before = host.host.state
        target = CheckTarget(host.address, 47443, lambda: connect(lab))
        left: list[str] = []
        session = connect(lab)

        def interrupted() -> None:
            with check_site(target, session, left=left) as site:
                site.bind(site.plain, site.first)
                assert len(host.host.state.sites) == len(before.sites) + 1
                session.close()
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert left == []
        assert without_events(host.host.state) == without_events(before)


@pytest.mark.engine
def test_a_refused_step_leaves_its_question_open(lab: Lab) -> None:
    """A Windows that does not let a method run is asked the next question."""
    answers, left = Answers(QUESTIONS), list[str]()
    with restored(lab.hosts["web01"]) as host:
        host.host.faults["binding.RebindSslCertificate"] = "fail"
        target = CheckTarget(host.address, 47443, lambda: connect(lab))
        with connect(lab) as session, check_site(target, session, left=left) as site:
            probe_options(site, answers, REBIND)
            probe_options(site, answers, ADD)
    assert answers.found["rebind_resets_options"].verdict is Verdict.UNSETTLED
    assert "RebindSslCertificate did not bind" in answers.found["rebind_resets_options"].because
    assert answers.found["add_resets_options"].verdict is Verdict.AGREES
    assert left == []
