"""The commands that look, against the lab."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import Command
from labs import network, restored

from psrebind.lab.stage.lab import Lab

WEB01, WEB02, WEB03 = (f"{network()}.{number}" for number in (11, 12, 13))


def test_hosts_shows_facts(as_admin: Command) -> None:
    """The facts of a host, and what it lacks."""
    ran = as_admin("hosts", WEB02, "--format", "json")
    (host,) = json.loads(ran.out)
    assert ran.status == 0
    assert (host["name"], host["ui_culture"], host["build"]) == ("web02", "de-DE", "17763.5458")


def test_bindings_have_their_certificates(as_admin: Command, lab: Lab) -> None:
    """Each binding stands beside the certificate of its record, full thumbprint and expiry."""
    ran = as_admin("bindings", WEB01, "-f", "jsonl")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["site"] for line in lines] == ["Shop", "München", "Legacy", "Intranet"]
    assert {line["thumbprint"] for line in lines} == {lab.scenario.summary[0].old}
    assert all(line["common_name"] == "shop.example" and line["not_after"] for line in lines)


def test_bindings_take_one_pipeline(as_admin: Command, lab: Lab) -> None:
    """Bindings, records and certificates are read by one script in one shell."""
    endpoint = lab.hosts["web03"].endpoint
    before = len(endpoint.requests)
    assert as_admin("bindings", WEB03).status == 0
    actions = [request.action for request in endpoint.requests[before:]]
    assert (actions.count("Create"), actions.count("Command")) == (1, 1)
    assert endpoint.open_shells == 0


def test_bindings_as_a_table_for_grep(as_admin: Command, lab: Lab) -> None:
    """Off a terminal every binding is one line, its certificate by name and first digits."""
    old = lab.scenario.summary[0].old
    ran = as_admin("bindings", WEB01)
    title, *lines = ran.out.splitlines()
    assert title.split() == ["site", "binding", "certificate", "days", "problems"]
    assert len([line for line in lines if f"  shop.example {old[:8]}  " in line]) == 4
    assert any("münchen.example" in line for line in lines)
    wide = as_admin("bindings", WEB01, "--wide").out
    assert len([line for line in wide.splitlines() if f"  shop.example {old}  " in line]) == 4


def test_each_kind_of_problem_is_explained_once(as_admin: Command, lab: Lab) -> None:
    """A word beside the binding; below the table what it means and what to do, for any target."""
    ran = as_admin("bindings", WEB01)
    assert sum("replaced" in line for line in ran.out.splitlines()) == 4
    (said,) = [line for line in ran.err.splitlines() if line.startswith("psrebind: replaced: ")]
    assert f"'psrebind replay {WEB01}'" in said
    many = as_admin("bindings", f"{WEB01},{WEB02}")
    assert sum("replaced" in line for line in many.err.splitlines()) == 1
    assert "replaced: " not in as_admin("bindings", WEB01, "-f", "json").err


def test_the_worst_binding_comes_first(as_admin: Command, lab: Lab) -> None:
    """Of one host or of all in one table: what clients refuse, then what ends soonest."""
    with restored(lab.hosts["web02"]) as host:
        binding = host.host.state.records[-1]
        fewer = [one for one in host.host.state.records if one is not binding]
        host.host.change(lambda state: replace(state, records=tuple(fewer)))
        words = ("bindings", f"{WEB01},{WEB02}", "--sort")
        first = as_admin(*words).out.splitlines()[1]
        assert first.startswith(WEB02)
        assert "no record" in first
        rows = json.loads(as_admin("bindings", WEB02, "--sort", "-f", "json").out)
        assert rows[0]["kinds"] == ["no record"]


def test_certificates_of_one_store(as_admin: Command) -> None:
    """Only the store that was asked for is read."""
    rows = list(
        csv.DictReader(
            io.StringIO(as_admin("certificates", WEB02, "--store", "WebHosting", "-f", "csv").out)
        )
    )
    assert len(rows) == 2
    assert {row["store"] for row in rows} == {"WebHosting"}


def test_certificates_show_the_renewal(as_admin: Command, lab: Lab) -> None:
    """The renewal link of the old certificate is a column."""
    swap = lab.scenario.summary[0]
    ran = as_admin("certificates", WEB01)
    lines = ran.out.splitlines()
    line = next(one for one in lines if one.startswith(f"My     shop.example {swap.old[:8]} "))
    assert line.endswith(f"renewed by {swap.new[:8]}")


def test_a_wrong_password_is_4_and_tried_once(
    psrebind: Command, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host refuses the credential: one attempt, and a sentence that says so."""
    monkeypatch.setenv("PSREBIND_PASSWORD", "wrong")
    logons = lab.hosts["web01"].endpoint.logons
    before = logons["labadmin"].attempts if "labadmin" in logons else 0
    ran = psrebind("bindings", WEB01, "--user", lab.user)
    assert (ran.status, ran.out) == (4, "")
    assert "refused the credential" in ran.err
    assert lab.hosts["web01"].endpoint.logons["labadmin"].attempts == before + 1


def test_https_with_the_labs_authority(as_admin: Command, lab: Lab) -> None:
    """Over HTTPS the host is trusted by the authority that is given, and not without."""
    assert as_admin("hosts", WEB01, "--ssl", "--ca-file", str(lab.authority_file)).status == 0
    ran = as_admin("hosts", WEB01, "--ssl")
    assert ran.status == 4
    assert "certificate" in ran.err


def test_the_address_of_a_named_host(as_admin: Command) -> None:
    """A host keeps its name where it is reached by another address."""
    ran = as_admin("hosts", "web01", "--address", WEB01, "-f", "jsonl")
    assert (ran.status, json.loads(ran.out)["name"]) == (0, "web01")


def test_invoke_runs_one_query(as_admin: Command) -> None:
    """An operation's rows are printed as they are."""
    ran = as_admin("invoke", "get_certificate", WEB01, "stores=My", "-f", "json")
    assert ran.status == 0
    assert {row["store"] for row in json.loads(ran.out)} == {"My"}


def test_invoke_asks_before_a_change(as_admin: Command, lab: Lab) -> None:
    """Where nobody is there to agree, a change needs --yes, and nothing is sent without."""
    endpoint = lab.hosts["web02"].endpoint
    before = len(endpoint.requests)
    swap = lab.scenario.summary[1]
    words = [f"old={swap.old}", f"new={swap.new}"]
    ran = as_admin("invoke", "invoke_iis_renewal", WEB02, *words)
    assert ran.status == 5
    assert "add --yes" in ran.err
    assert len(endpoint.requests) == before


def test_a_failure_on_the_host_is_2(as_admin: Command) -> None:
    """The host's own sentence, without a traceback."""
    words = ("site=None", "information=*:443:", "kind=ipport", "endpoint=0.0.0.0:443")
    ran = as_admin(
        "invoke", "set_iis_binding", WEB02, *words, "expected=null", f"thumbprint={'a' * 40}", "-y"
    )
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("psrebind: ")
    assert "Traceback" not in ran.err


def test_a_users_template_is_rendered_first(psrebind: Command, tmp_path: Path) -> None:
    """A file of the user's folder replaces the package's of the same name."""
    own = "<#\n.SYNOPSIS\n    Own.\n#>\n\n$Modules = {{ modules }}\n\n@{ own = $true }\n"
    own = own.replace("$Modules = {{ modules }}", "$Stores = {{ stores }}")
    (tmp_path / "get_certificate.ps1.j2").write_text(own, "ascii")
    ran = psrebind("render", "get_certificate", "stores=A,B", "--templates", str(tmp_path))
    assert ran.status == 0
    assert "@{ own = $true }" in ran.out
    assert "$Stores = @('A', 'B')" in ran.out


def test_operations_lists_all(psrebind: Command) -> None:
    """Each operation has its name, kind, sentence and parameters."""
    rows = {row["name"]: row for row in json.loads(psrebind("operations", "-f", "json").out)}
    assert rows["set_iis_binding"]["kind"] == "change"
    assert "thumbprint: Thumbprint" in rows["set_iis_binding"]["parameters"]
    assert rows["get_host"]["sentence"].endswith(".")
