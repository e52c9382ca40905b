"""The commands on the task that follows renewals, against the lab: what clients are served."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cli.command_line import Command
from lab_tasks import spoil_events
from labs import restored, running, sent, swap
from operations.notification_checks import ODDITIES
from operations.task_checks import set_autoenrollment

from psrebind.decode.task_words import NOTIFICATION_NAME
from psrebind.decode.tasks import TASK_NAME, TASK_PATH, wanted_xml
from psrebind.iis_model import BindingInfo
from psrebind.lab.stage import renewals
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.stage.scenario import ALL_NAMES
from psrebind.rebind.handshake import handshakes
from psrebind.services.steps import Endpoint


@pytest.fixture(scope="module", params=["model", pytest.param("pwsh", marks=pytest.mark.engine)])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The six hosts of the demo on the air, once without and once with a PowerShell."""
    engine = request.getfixturevalue("pwsh") if request.param == "pwsh" else None
    with running(tmp_path_factory.mktemp("lab"), engine, names=ALL_NAMES) as found:
        yield found


def served(host: LabHost) -> set[str | None]:
    """What clients of all bindings of a host are served, the central store's apart."""
    places = [
        Endpoint(
            host.address if information.ip == "*" else information.ip,
            information.port,
            information.host.encode("idna").decode() or None,
        )
        for site in host.host.state.sites
        for binding in site.bindings
        if binding.protocol == "https" and not binding.flags & 2
        for information in [BindingInfo(binding.information)]
    ]
    return {one.thumbprint for one in handshakes(places)}


def renew(lab: Lab, name: str, old: str) -> str:
    """A renewal as autoenrollment makes it, and the new certificate."""
    return renewals.renew(lab.hosts[name].host, lab.scenario.authority, old)


def only(text: str) -> dict[str, Any]:
    """The one row of a JSON output."""
    (row,) = json.loads(text)
    return dict(row)


@pytest.mark.parametrize("method", ["appcmd", "notification"])
def test_a_renewal_reaches_clients_with_no_further_command(
    as_admin: Command, lab: Lab, method: str
) -> None:
    """After enable every binding serves what a renewal made; after disable it does not."""
    with restored(lab.hosts["web02"]) as host:
        old = swap(lab, "web02").old
        way = ("--method", method, "-f", "json")
        assert served(host) == {old}
        assert (
            only(as_admin("task", "enable", "--yes", host.address, *way).out)["outcome"]
            == "changed"
        )
        first = renew(lab, "web02", old)
        assert served(host) == {first}
        assert (
            only(as_admin("task", "disable", "--yes", host.address, *way).out)["outcome"]
            == "changed"
        )
        second = renew(lab, "web02", first)
        assert served(host) == {first}
        report = as_admin("task", "status", host.address, *way)
        row = only(report.out)
        assert (report.status, row["present"]) == (3, False)
        assert [(one["new"], one["handled"]) for one in row["notices"]] == [
            (second, "not handled"),
            (first, "handled"),
        ]


@pytest.mark.parametrize("method", ["appcmd", "notification"])
def test_enable_and_disable_twice(as_admin: Command, lab: Lab, method: str) -> None:
    """Each changes once and is unchanged then, in one pipeline and one shell each time."""
    with restored(lab.hosts["web01"]) as host:
        for verb, outcomes in (
            ("enable", ("changed", "unchanged")),
            ("disable", ("changed", "unchanged")),
        ):
            for outcome in outcomes:
                before = len(sent(host))
                ran = as_admin(
                    "task", verb, "--yes", host.address, "--method", method, "-f", "json"
                )
                actions = sent(host)[before:]
                assert (ran.status, only(ran.out)["outcome"]) == (0, outcome)
                assert (actions.count("Create"), actions.count("Command")) == (1, 1)


def test_an_edited_task_is_named_then_converged(as_admin: Command, lab: Lab) -> None:
    """The differences are said before they go, and the log is turned on."""
    with restored(lab.hosts["web06"]) as host:
        state = host.host.state
        planned = only(
            as_admin("task", "enable", "--yes", host.address, "--dry-run", "-f", "json").out
        )
        assert (planned["outcome"], planned["channel"]) == ("planned", "off")
        assert host.host.state == state
        ran = as_admin("task", "enable", "--yes", host.address)
        assert ran.status == 0
        for words in ("EventID=1006", "IgnoreNew", "changed", "off → on"):
            assert words in ran.out
        row = only(as_admin("task", "status", host.address, "-f", "json").out)
        assert (row["present"], row["differences"], row["channel"]) == (True, [], True)
        assert row["last_result"] == "never ran"


@pytest.mark.parametrize(("spoil", "words"), ODDITIES.values(), ids=ODDITIES)
def test_an_odd_notification_task_is_named_then_converged(
    as_admin: Command, lab: Lab, spoil: Callable[[LabHost], object], words: str
) -> None:
    """Status, dry run and enable name the same difference; then there is none."""
    with restored(lab.hosts["web01"]) as host:
        way = (host.address, "--method", "notification", "-f", "json")
        as_admin("task", "enable", "--yes", *way)
        fine = as_admin("task", "status", *way)
        assert (fine.status, only(fine.out)["differences"]) == (0, [])
        spoil(host)
        seen = as_admin("task", "status", *way)
        planned = only(as_admin("task", "enable", "--yes", *way, "--dry-run").out)
        done = only(as_admin("task", "enable", "--yes", *way).out)
        assert seen.status == 3
        assert (planned["outcome"], done["outcome"]) == ("planned", "changed")
        differences = only(seen.out)["differences"]
        assert words in "; ".join(differences)
        assert planned["differences"] == done["differences"] == differences
        assert only(as_admin("task", "enable", "--yes", *way).out)["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("verb", "fault"), [("enable", "tasks.info"), ("disable", "eventlog.logs")]
)
def test_a_change_is_seen_where_reading_after_it_fails(
    as_admin: Command, lab: Lab, verb: str, fault: str
) -> None:
    """What was done has its row; what could not be read is told, and makes status 2."""
    with restored(lab.hosts["web01"]) as host:
        if verb == "disable":
            as_admin("task", "enable", "--yes", host.address)
        host.host.faults[fault] = "fail"
        ran = as_admin("task", verb, "--yes", host.address, "-f", "json")
        assert (ran.status, only(ran.out)["outcome"]) == (2, "changed")
        assert f"{host.address}: changed; the tasks could not be read after it: " in ran.err


def test_a_task_in_other_case_is_the_same(as_admin: Command, lab: Lab) -> None:
    """Windows tells no case in a task's place, so that a dry run plans nothing for it."""
    with restored(lab.hosts["web01"]) as host:
        place = {"path": TASK_PATH.upper(), "name": TASK_NAME.lower()}
        host.host.call("tasks.register", place | {"xml": wanted_xml(), "force": True})
        for verb, outcome in (("enable", "unchanged"), ("disable", "planned")):
            ran = as_admin("task", verb, "--yes", host.address, "--dry-run", "-f", "json")
            assert only(ran.out)["outcome"] == outcome


def test_a_script_without_its_task_is_planned_away(as_admin: Command, lab: Lab) -> None:
    """A dry run of disable says what disable does, and that it takes the script too."""
    with restored(lab.hosts["web01"]) as host:
        way = (host.address, "--method", "notification", "-f", "json")
        as_admin("task", "enable", "--yes", *way)
        host.host.call("pki.remove_notification_task", {"name": NOTIFICATION_NAME})
        planned = only(as_admin("task", "disable", "--yes", *way, "--dry-run").out)["outcome"]
        assert (planned, only(as_admin("task", "disable", "--yes", *way).out)["outcome"]) == (
            "planned",
            "changed",
        )


@pytest.mark.parametrize("method", ["appcmd", "notification"])
def test_a_shared_template_is_skipped(as_admin: Command, lab: Lab, method: str) -> None:
    """Failure 2 of the field notes: status 3 with both certificates, and nothing is touched."""
    with restored(lab.hosts["web05"]) as host:
        state = host.host.state
        for dry in ((), ("--dry-run",)):
            words = ("--method", method, "-f", "json", *dry)
            ran = as_admin("task", "enable", "--yes", host.address, *words)
            row = only(ran.out)
            assert (ran.status, row["outcome"]) == (3, "skipped")
            assert all(one.thumbprint in row["reason"] for one in state.certificates)
            assert host.host.state == state
        forced = as_admin("task", "enable", "--yes", host.address, "--method", method, "--force")
        assert forced.status == 0
        # A task that is right and active is left as it is, with the warning.
        again = as_admin("task", "enable", "--yes", host.address, "--method", method, "-f", "json")
        assert (again.status, only(again.out)["outcome"]) == (0, "unchanged")
        assert "bound certificates come from one template" in again.err


def test_a_shared_template_is_told_by_names(as_admin: Command, lab: Lab) -> None:
    """A table says which certificates, of which template, and what follows; not in bare digits."""
    with restored(lab.hosts["web05"]) as host:
        bound = {one.thumbprint for one in host.host.state.records}
        as_admin("task", "enable", "--yes", host.address, "--force")
        told = " ".join(as_admin("task", "status", host.address).out.split())
        assert "two bound certificates come from one template" in told
        assert all(f"{name}.example " in told for name in ("orders", "billing"))
        assert all(one[:8] in told and one not in told for one in bound if one)
        assert "put that one on every site" in told
        (row,) = json.loads(as_admin("task", "status", host.address, "-f", "json").out)
        (shared,) = row["templates"]
        assert {one["thumbprint"] for one in shared["certificates"]} == bound
        assert shared["template"]


@pytest.mark.parametrize("method", ["appcmd", "notification"])
def test_a_shared_template_without_autoenrollment(as_admin: Command, lab: Lab, method: str) -> None:
    """Where nobody renews by template, the task is registered, and a note says what would be."""
    told = "since autoenrollment is off. Give each a template of its own before"
    with restored(lab.hosts["web05"]) as host:
        set_autoenrollment(host, None)
        for dry, outcome in (("--dry-run", "planned"), ("--yes", "changed")):
            ran = as_admin(
                "task", "enable", "--yes", host.address, "--method", method, dry, "-f", "json"
            )
            assert (ran.status, only(ran.out)["outcome"]) == (0, outcome)
            assert ran.err.count(told) == 1
        ran = as_admin("task", "status", host.address, "--method", method)
        assert ran.status == 0
        assert "autoenrollment" in ran.out


def test_other_rebinders_are_named(as_admin: Command, lab: Lab) -> None:
    """A home-made duplicate is told by its path and what it does, at enable and status."""
    with restored(lab.hosts["web01"]) as host:
        task = {"path": "\\Home\\", "name": "Mine", "xml": wanted_xml(), "force": True}
        host.host.call("tasks.register", task)
        enabled = as_admin("task", "enable", "--yes", host.address, "-f", "json")
        assert [one["name"] for one in only(enabled.out)["others"]] == ["\\Home\\Mine"]
        assert "a duplicate" in enabled.err
        assert "\\Home\\Mine" in as_admin("task", "status", host.address).out


def test_status_says_what_is_not_known(as_admin: Command, lab: Lab) -> None:
    """Without IIS's module the bindings are unknown, and so is what became of a renewal."""
    with restored(lab.hosts["web03"]) as host:
        renew(lab, "web03", swap(lab, "web03").old)
        facts = replace(host.host.facts, modules=("ScheduledTasks", "PKI"))
        host.host.change(lambda state: replace(state, facts=facts))
        ran = as_admin("task", "status", host.address, "-f", "json")
        (notice,) = only(ran.out)["notices"]
        assert (notice["handled"], notice["why"]) == (
            "unknown",
            "the bindings could not be read",
        )
        assert ran.status == 0
        assert f"{host.address}: the bindings could not be read: " in ran.err
        assert "WebAdministration" in ran.err


def test_an_event_that_cannot_be_read(as_admin: Command, lab: Lab) -> None:
    """Status tells it and counts it as what needs a person, as the command events does."""
    with restored(lab.hosts["web01"]) as host:
        as_admin("task", "enable", "--yes", host.address)
        renew(lab, "web01", swap(lab, "web01").old)
        assert as_admin("task", "status", host.address).status == 0
        spoil_events(host.host)
        told = f"{host.address}: an event could not be read: it has no event id"
        for words in (("task", "status"), ("events",)):
            ran = as_admin(*words, host.address)
            assert (ran.status, ran.err.count(told)) == (3, 1)


def test_a_policy_that_stops_the_script(as_admin: Command, lab: Lab) -> None:
    """Enabling a notification task under AllSigned says that its script will not run."""
    with restored(lab.hosts["web01"]) as host:
        facts = replace(host.host.facts, execution_policy="AllSigned")
        host.host.change(lambda state: replace(state, facts=facts))
        ran = as_admin("task", "enable", "--yes", host.address, "--method", "notification")
        assert "AllSigned does not let the task's script run" in ran.err


def test_notify_repairs_what_another_authority_issued(as_admin: Command, lab: Lab) -> None:
    """An imported certificate starts nothing; a notice does, and the clients get it."""
    with restored(lab.hosts["web04"]) as host:
        (old,) = served(host)
        assert old
        as_admin("task", "enable", "--yes", host.address)
        new = renewals.import_certificate(host.host, lab.scenario.authority, like=old)
        assert served(host) == {old}
        ran = as_admin("notify", "--yes", host.address, "--old", old, "--new", new, "-f", "json")
        assert (ran.status, only(ran.out)["linked"]) == (0, False)
        assert served(host) == {new}


def test_notify_with_link_says_what_that_does(as_admin: Command, lab: Lab) -> None:
    """The renewal link outlives the command, and its consequence is said in a sentence."""
    with restored(lab.hosts["web01"]) as host:
        one = swap(lab, "web01")
        words = ("notify", host.address, "--old", one.old, "--new", one.new, "--force", "--yes")
        assert "Windows may serve" not in as_admin(*words).err
        assert "Windows may serve the new certificate wherever" in as_admin(*words, "--link").err


def test_notify_names_the_log(as_admin: Command, lab: Lab) -> None:
    """What is on is the log; a bare 'enabled' could be the task."""
    with restored(lab.hosts["web01"]) as host:
        one = swap(lab, "web01")
        ran = as_admin(
            "notify", "--yes", host.address, "--old", one.old, "--new", one.new, "--force"
        )
        assert "enabled" not in ran.out
        header, row = (line.split() for line in ran.out.splitlines())
        assert (header, row) == (["log", "record", "linked"], ["on", "1", "no"])


def test_notify_into_a_log_that_is_off(as_admin: Command, lab: Lab) -> None:
    """Nothing hears it: status 3, and what turns the log on."""
    with restored(lab.hosts["web06"]) as host:
        one = swap(lab, "web06")
        ran = as_admin("notify", "--yes", host.address, "--old", one.old, "--new", one.new)
        assert ran.status == 3
        assert f"psrebind task enable {host.address}" in ran.err
