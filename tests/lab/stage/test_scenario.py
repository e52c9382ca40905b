"""The demo's hosts and the renewal of a certificate."""

from __future__ import annotations

from pathlib import Path

from psrebind.lab.stage import scenario


def test_scenario_has_ten_bindings_with_the_old_certificate(tmp_path: Path) -> None:
    """The demo's three hosts serve ten https bindings, nine of them by an old certificate."""
    made = scenario.create(tmp_path)
    bound = [
        binding
        for one in made.hosts.values()
        for binding in one.call("iis.bindings", {"protocol": "https"})
    ]
    old = {swap.old for swap in made.summary}
    assert len(bound) == 10
    assert sum(binding["certificateHash"] in old for binding in bound) == 9
    assert [swap.lost for swap in made.summary] == [("legacy.example",), (), ()]
    assert made.summary[1].stores == ("My", "WebHosting")


def test_scenario_comes_back_from_its_folder(tmp_path: Path) -> None:
    """A loaded scenario has the hosts, addresses and renewals of the created one."""
    made = scenario.create(tmp_path, ["zeta", "alpha"])
    loaded = scenario.load(tmp_path)
    assert (loaded.summary, loaded.addresses) == (made.summary, made.addresses)
    assert list(loaded.hosts) == ["zeta", "alpha"]


def test_scenario_with_six_names_has_six_stories(tmp_path: Path) -> None:
    """Six names give six hosts with twenty-two https bindings, each with a certificate or CCS."""
    made = scenario.create(tmp_path, scenario.ALL_NAMES)
    bound = {
        name: [
            binding["certificateHash"]
            for binding in one.call("iis.bindings", {"protocol": "https"})
        ]
        for name, one in made.hosts.items()
    }
    assert {name: len(found) for name, found in bound.items()} == {
        "web01": 4,
        "web02": 3,
        "web03": 3,
        "web04": 4,
        "web05": 4,
        "web06": 4,
    }
    assert [name for name, found in bound.items() if "" in found] == ["web03"]
    assert [swap.host for swap in made.summary] == ["web01", "web02", "web03", "web06"]
    assert [len(set(bound[name])) for name in ("web04", "web05", "web06")] == [1, 2, 1]
