"""Commands on many hosts: who is asked, what is printed, and who agrees to a change."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import on_a_terminal
from cli.fifty_hosts import Many, json_lines, sent
from labs import restored, shells_left

from psrebind.lab.stage.lab import Lab, LabHost


def test_every_host_answers(many: Many, fifty: Lab) -> None:
    """Each row says whose it is, and no shell stays open."""
    ran = many("hosts", "all", "-f", "jsonl")
    assert ran.status == 0
    assert {row["host"]: row["name"] for row in json_lines(ran)} == {
        name: name for name in fifty.hosts
    }
    assert "50 hosts in" in ran.err
    assert "50 done" in ran.err
    assert not any(shells_left(host) for host in fifty.hosts.values())


def test_one_host_of_many_is_as_one_host(many: Many) -> None:
    """Where one host is chosen the rows have no host, and nothing is summed up."""
    ran = many("bindings", "web01", "-f", "jsonl")
    assert {next(iter(row)) for row in json_lines(ran)} == {"site"}
    assert ran.err == ""


@pytest.mark.parametrize(
    ("words", "hosts"),
    [
        (("web0[1-3]",), ["web01", "web02", "web03"]),
        (("web01,web02",), ["web01", "web02"]),
        (("all", "--limit", "web0*", "--exclude", "web0[3-9]"), ["web01", "web02"]),
    ],
)
def test_plain_words_choose_hosts(many: Many, words: tuple[str, ...], hosts: list[str]) -> None:
    """Names, globs, limits and exclusions."""
    ran = many("certificates", *words, "-f", "jsonl")
    assert sorted({row["host"] for row in json_lines(ran)}) == hosts


def test_a_file_of_hosts_limits(many: Many, tmp_path: Path) -> None:
    """Only the hosts that a file names are asked."""
    names = tmp_path / "names.txt"
    names.write_text("web04\nweb05\n", "utf-8")
    ran = many("certificates", "all", "--hosts-file", str(names), "-f", "jsonl")
    assert {row["host"] for row in json_lines(ran)} == {"web04", "web05"}


def test_a_table_has_the_host_first(many: Many) -> None:
    """One table for all hosts, in the order of their names."""
    lines = many("bindings", "web01,web02").out.splitlines()
    assert lines[0].split()[:2] == ["host", "site"]
    assert [line.split()[0] for line in lines[1:]] == ["web01"] * 4 + ["web02"] * 3


def test_json_is_one_array(many: Many) -> None:
    """Streamed element by element, it is whole at the end, also where there is none."""
    rows = json.loads(many("bindings", "web01,web02", "-f", "json").out)
    assert Counter(row["host"] for row in rows) == {"web01": 4, "web02": 3}
    assert json.loads(many("events", "web01,web02", "-f", "json").out) == []


def test_csv_has_the_columns_of_all_hosts(many: Many) -> None:
    """A column that only the last host has is in the header and empty for the others."""
    ran = many("bindings", "web01,web03", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert {row["host"] for row in rows} == {"web01", "web03"}
    name = "record.values.DefaultSslCtlStoreName"
    assert {row["host"] for row in rows if row[name]} == {"web01"}


def test_enabling_twice_changes_once(many: Many, fifty: Lab) -> None:
    """On twenty hosts one pipeline each: twenty times changed, then unchanged."""
    shared = "web05,web11,web17,web23"
    words = ("task", "enable", "web0*,web1*,web2[0-4]", "--exclude", shared, "-f", "jsonl")
    before = sent(fifty)
    first = many(*words, "--yes")
    assert first.status == 0, first.err
    assert len(json_lines(first)) == 20
    assert sent(fifty)["Command"] - before["Command"] == 20
    again = many(*words, "--yes")
    assert again.status == 0
    assert [row["outcome"] for row in json_lines(again)] == ["unchanged"] * 20
    assert "20 unchanged" in again.err


def test_the_outcomes_of_a_change_are_counted(many: Many) -> None:
    """A host that was skipped needs a person, and the others go on."""
    ran = many("task", "enable", "web4*", "--yes", "-f", "jsonl")
    outcomes = {row["host"]: row["outcome"] for row in json_lines(ran)}
    assert outcomes["web41"] == "skipped"
    assert Counter(outcomes.values())["changed"] >= 8
    assert ran.status == 3


@pytest.mark.parametrize(
    "words",
    [
        ("task", "enable", "all"),
        ("task", "disable", "all"),
        ("notify", "all", "--old", "a" * 40, "--new", "b" * 40),
        ("rebind", "all", "--old", "a" * 40, "--new", "b" * 40),
        ("invoke", "unregister_rebind_task", "all"),
    ],
)
def test_a_change_of_many_needs_consent(many: Many, fifty: Lab, words: tuple[str, ...]) -> None:
    """Where nobody can be asked nothing is sent: their number, the first names, and --yes."""
    before = sent(fifty)
    ran = many(*words)
    assert (ran.status, ran.out) == (5, "")
    assert "50 hosts (web01, web02, web03, web04, web05 and 45 more)" in ran.err
    assert "--yes" in ran.err
    assert sent(fifty) == before


Twins = tuple[LabHost, LabHost]


@pytest.fixture
def twins(fifty: Lab) -> Iterator[Twins]:
    """Two hosts with the same certificates and bindings."""
    one, other = fifty.hosts["web02"], fifty.hosts["web08"]
    with restored(one), restored(other):
        state = one.host.state
        other.host.change(lambda now: replace(state, facts=now.facts))
        yield one, other


def renewal(lab: Lab) -> tuple[str, ...]:
    """The options of the renewal that waits on both twins."""
    swap = next(one for one in lab.scenario.summary if one.host == "web02")
    return ("--old", swap.old, "--new", swap.new)


def test_a_rebind_of_many_by_yes(many: Many, fifty: Lab, twins: Twins) -> None:
    """Two pipelines for a host that changes and one for others; the way back is told once."""
    before = sent(fifty)["Command"]
    ran = many("rebind", "web0*", *renewal(fifty), "--yes", "-f", "jsonl")
    assert ran.status == 0, ran.err
    rows = json_lines(ran)
    assert Counter(row["host"] for row in rows) == {"web02": 3, "web08": 3}
    assert {row["verdict"] for row in rows} == {"verified"}
    assert sent(fifty)["Command"] - before == 9 + 2
    assert ran.err.count("to go back") == 1
    assert "7 unchanged, 2 changed" in ran.err


@pytest.mark.parametrize(("answer", "status"), [(b"n\n", 3), (b"y\n", 0)])
def test_a_rebind_of_many_asks_once(
    fifty: Lab, inventory: Path, tmp_path: Path, twins: Twins, answer: bytes, status: int
) -> None:
    """All plans are shown, then one question; without consent no host gets a second pipeline."""
    before = sent(fifty)["Command"]
    words = ["rebind", "web0*", *renewal(fifty), "-i", str(inventory), "-f", "jsonl"]
    environment = {"PSREBIND_PASSWORD": fifty.password, "PSREBIND_BEFORE_FOLDER": str(tmp_path)}
    ran = on_a_terminal(words, environment, answer)
    assert "change 6 bindings on 2 hosts (web02, web08)? [y/N]" in ran.err
    assert ran.status == status, ran.err
    changed = 0 if status else 2
    assert sent(fifty)["Command"] - before == 9 + changed
    assert len({row["host"] for row in json_lines(ran)}) == changed


def test_a_dry_run_changes_nothing(many: Many, fifty: Lab, twins: Twins) -> None:
    """The plans of all hosts are the data."""
    ran = many("rebind", "--yes", "web0*", *renewal(fifty), "--dry-run", "-f", "jsonl")
    assert ran.status == 0
    assert Counter(row["host"] for row in json_lines(ran)) == {"web02": 3, "web08": 3}
    assert {row["outcome"] for row in json_lines(ran)} == {"planned"}


def test_a_replay_of_many(many: Many, fifty: Lab) -> None:
    """Renewals that the stores' links tell of become plans on each host; then they are done."""
    with restored(fifty.hosts["web44"]), restored(fifty.hosts["web45"]):
        shown = many("replay", "--dry-run", "web44,web45", "-f", "jsonl")
        planned = [row for row in json_lines(shown) if row["outcome"] == "planned"]
        assert {row["host"] for row in planned} == {"web44", "web45"}
        done = many("replay", "web44,web45", "--yes", "-f", "jsonl")
        changed = [row for row in json_lines(done) if row["outcome"] == "changed"]
        assert len(changed) == len(planned)
