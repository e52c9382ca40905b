"""The command replay against the lab: chains to their end, what is refused, what is done."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import Command
from lab_tasks import rewrite_events, spoil_events
from labs import leave_out_site, records, restored, running, sent, swap

from psrebind.lab.stage import renewals
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.stage.scenario import ALL_NAMES
from psrebind.lab.windows.state import Binding as LabBinding
from psrebind.lab.windows.state import Site


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The six hosts of the demo on the air, answered by the model."""
    with running(tmp_path_factory.mktemp("lab"), None, names=ALL_NAMES) as found:
        yield found


def chain(lab: Lab, host: LabHost, length: int) -> list[str]:
    """Renew what is bound as often, with nobody to follow; every certificate of the chain."""
    names = [swap(lab, host.name).old]
    for _ in range(length):
        names.append(renewals.renew(host.host, lab.scenario.authority, names[-1]))
    return names


def bind(host: LabHost, key: str, thumbprint: str) -> None:
    """Put a certificate into one record."""

    def change(state):  # type: ignore[no-untyped-def]
        changed = (
            replace(one, thumbprint=thumbprint) if one.key == key else one for one in state.records
        )
        return replace(state, records=tuple(changed))

    host.host.change(change)


def link(host: LabHost, links: Mapping[str, str]) -> None:
    """Set renewal links, and take all others away."""
    host.host.change(
        lambda state: replace(
            state,
            certificates=tuple(
                replace(one, renewed_by=links.get(one.thumbprint)) for one in state.certificates
            ),
        )
    )


def test_a_chain_is_followed_to_its_end(as_admin: Command, lab: Lab) -> None:
    """With A→B→C, B archived, and A and B bound, both go to C, and --yes does it."""
    with restored(lab.hosts["web01"]) as host:
        a, b, c = chain(lab, host, 2)
        bind(host, "shop.example:8443", b)
        assert {one.thumbprint for one in host.host.state.certificates if one.archived} == {a, b}
        shown = as_admin("replay", "--dry-run", host.address, "-f", "json")
        rows = {row["site"]: (row["before"], row["after"]) for row in json.loads(shown.out)}
        assert shown.status == 0
        assert rows == {"Shop": (b, c), "München": (a, c), "Legacy": (a, c), "Intranet": (a, c)}
        assert {one.thumbprint for one in records(host).values()} == {a, b}
        for words in ("event 1001 #", "renewal link in My", "--yes"):
            assert words in shown.err
        done = as_admin("replay", host.address, "--yes", "-f", "jsonl")
        lines = [json.loads(line) for line in done.out.splitlines()]
        assert done.status == 0
        assert {(line["outcome"], line["verdict"]) for line in lines} == {("changed", "verified")}
        assert {one.thumbprint for one in records(host).values()} == {c}
        again = as_admin("replay", host.address, "--yes", "-f", "json")
        assert (again.status, json.loads(again.out)) == (0, [])
        assert "nothing would follow" in again.err


def test_a_loop_is_refused(as_admin: Command, lab: Lab) -> None:
    """Links that go in a circle propose nothing, and a person has to say which."""
    with restored(lab.hosts["web01"]) as host:
        one = swap(lab, "web01")
        link(host, {one.old: one.new, one.new: one.old})
        before = host.host.state
        for words in ((), ("--yes",)):
            ran = as_admin("replay", "--dry-run", host.address, *words, "-f", "json")
            rows = json.loads(ran.out)
            assert (ran.status, len(rows)) == (3, 4)
            assert all("in a loop" in row["reason"] for row in rows)
            assert f"psrebind rebind --old {one.old} --new" in ran.err
        assert host.host.state == before


def test_a_chain_of_twenty_one_is_refused(as_admin: Command, lab: Lab) -> None:
    """Twenty renewals are followed; one more is refused with the reason."""
    with restored(lab.hosts["web01"]) as host:
        names = chain(lab, host, 21)
        bind(host, "shop.example:8443", names[1])
        ran = as_admin("replay", "--dry-run", host.address, "-f", "json")
        rows = {row["site"]: row for row in json.loads(ran.out)}
        assert ran.status == 3
        assert (rows["Shop"]["outcome"], rows["Shop"]["after"]) == ("planned", names[21])
        assert rows["Legacy"]["outcome"] == "refused"
        assert "longer than 20 renewals" in rows["Legacy"]["reason"]


def test_sources_that_disagree_are_refused(as_admin: Command, lab: Lab) -> None:
    """An event says one successor and the link another: refused, with both."""
    with restored(lab.hosts["web01"]) as host:
        one = swap(lab, "web01")
        (_, other) = chain(lab, host, 1)
        link(host, {one.old: one.new})
        ran = as_admin("replay", "--dry-run", host.address, "-f", "json")
        reasons = {row["reason"] for row in json.loads(ran.out)}
        assert ran.status == 3
        assert all(one.new in reason and other in reason for reason in reasons)
        table = as_admin("replay", "--dry-run", host.address).out
        assert f"shop.example {one.old[:8]}" in table


def test_a_refused_binding_stays(as_admin: Command, lab: Lab) -> None:
    """The plan's refusals are those of rebind: a lost name is left alone, the rest is done."""
    with restored(lab.hosts["web01"]) as host:
        shown = as_admin("replay", "--dry-run", host.address, "-f", "json")
        rules = {row["site"]: row["rule"] for row in json.loads(shown.out) if row["rule"]}
        assert (shown.status, rules) == (3, {"Legacy": "loses-name"})
        done = as_admin("replay", host.address, "--yes", "-f", "json")
        outcomes = {row["site"]: row["outcome"] for row in json.loads(done.out)}
        assert (done.status, outcomes["Legacy"], outcomes["Shop"]) == (3, "refused", "changed")


def test_since_leaves_events_out(as_admin: Command, lab: Lab) -> None:
    """An event before --since counts no more; a link in the store has no time."""
    with restored(lab.hosts["web01"]) as host:
        chain(lab, host, 1)
        link(host, {})
        assert len(json.loads(as_admin("replay", "--dry-run", host.address, "-f", "json").out)) == 4
        late = as_admin("replay", "--dry-run", host.address, "--since", "2999-01-01", "-f", "json")
        assert (late.status, json.loads(late.out)) == (0, [])


def test_an_event_that_cannot_be_read(as_admin: Command, lab: Lab) -> None:
    """It is told, and status 3 says that a person should look: a renewal may stand in it."""
    with restored(lab.hosts["web01"]) as host:
        chain(lab, host, 1)
        link(host, {})
        spoil_events(host.host)
        for words in ((), ("--yes",)):
            ran = as_admin("replay", "--dry-run", host.address, *words, "-f", "json")
            assert (ran.status, json.loads(ran.out)) == (3, [])
            assert f"{host.address}: an event could not be read: it has no event id" in ran.err


def test_a_log_of_which_only_the_newest_were_read(as_admin: Command, lab: Lab) -> None:
    """Where the log has more renewals than are read, replay and task status say so."""
    with restored(lab.hosts["web01"]) as host:
        chain(lab, host, 1)
        rewrite_events(host.host, lambda one: [one] * 1000)
        for words in (("replay",), ("task", "status")):
            ran = as_admin(*words, host.address)
            assert f"{host.address}: only the newest 1000 of Microsoft-Windows-" in ran.err
        rewrite_events(host.host, lambda one: [])
        chain(lab, host, 1)
        assert "only the newest" not in as_admin("replay", "--dry-run", host.address).err


def test_nothing_is_offered_where_all_is_refused(as_admin: Command, lab: Lab) -> None:
    """Where every plan refuses, the same with --yes would do nothing, and is not offered."""
    with restored(lab.hosts["web01"]) as host:
        leave_out_site(host, "Shop")
        leave_out_site(host, "München")
        leave_out_site(host, "Intranet")
        ran = as_admin("replay", "--dry-run", host.address, "-f", "json")
        assert ran.status == 3
        assert {row["outcome"] for row in json.loads(ran.out)} == {"refused"}
        assert "--yes" not in ran.err


def test_many_hosts_are_told_as_one(
    psrebind: Command, as_admin: Command, lab: Lab, tmp_path: Path
) -> None:
    """From which event or link a proposal comes, for each host; how to do it, once."""
    names = ("web01", "web02")
    lines = [f"{name},{lab.hosts[name].address},{lab.user}" for name in names]
    (tmp_path / "hosts.csv").write_text("\n".join(["name,address,user", *lines]))
    words = ("replay", "all", "--inventory", str(tmp_path / "hosts.csv"))
    with restored(lab.hosts["web01"]), restored(lab.hosts["web02"]):
        ran = psrebind(*words, "--dry-run")
        for name in names:
            assert f"{name}: {swap(lab, name).old[:8]}… → " in ran.err
        assert ran.err.count("(renewal link in My") == ran.err.count("the same with --yes does") + 1
        done = psrebind(*words, "--yes")
        assert "(renewal link in My" in done.err
        assert "the same with --yes" not in done.err


def test_a_wrong_time_sends_nothing(as_admin: Command, lab: Lab) -> None:
    """What is no time is said before anything reaches the host."""
    host = lab.hosts["web01"]
    before = len(sent(host))
    ran = as_admin("replay", "--dry-run", host.address, "--since", "soon")
    assert (ran.status, len(sent(host))) == (5, before)
    assert "'soon' is no time" in ran.err


def give_ftp(host: LabHost, thumbprint: str) -> None:
    """Let a host have an FTP site with a certificate."""
    binding = LabBinding(protocol="ftp", information="*:21:")
    files = Site(id=77, name="Files", bindings=(binding,), ftp_hash=thumbprint)
    facts = replace(host.host.facts, services={"ftpsvc": 2})
    host.host.change(lambda state: replace(state, facts=facts, sites=(*state.sites, files)))


def test_ftp_is_named_as_not_touched(as_admin: Command, lab: Lab) -> None:
    """Where FTP has what was replaced, it is listed, and told before and after a rebind."""
    said = "the FTP binding *:21: of Files has "
    with restored(lab.hosts["web02"]) as host:
        waiting = swap(lab, "web02")
        give_ftp(host, waiting.old)
        rows = json.loads(as_admin("bindings", host.address, "-f", "json").out)
        assert [row["site"] for row in rows if row["binding"] == "ftp *:21:"] == ["Files"]
        assert rows[-1]["thumbprint"] == waiting.old
        done = as_admin("replay", host.address, "--yes", "-f", "json")
        assert done.status == 0
        assert done.err.count(f"{said}the old certificate: not touched") == 2
        again = as_admin("replay", "--dry-run", host.address, "-f", "json")
        assert again.status == 0
        assert f"{said}{waiting.old[:8]}…, which was replaced by {waiting.new[:8]}…" in again.err
        words = ("--old", waiting.old, "--new", waiting.new)
        rebound = as_admin("rebind", "--yes", host.address, *words)
        assert f"{said}the old certificate: not touched" in rebound.err


def test_of_many_hosts_those_without_renewals_are_silent(as_admin: Command, lab: Lab) -> None:
    """One host that was named is told that nothing would follow; of many it would be noise."""
    one, other = lab.hosts["web02"].address, lab.hosts["web04"].address
    said = "no binding has a certificate that was renewed"
    assert said in as_admin("replay", other, "--dry-run").err
    assert said not in as_admin("replay", f"{one},{other}", "--dry-run").err
