"""The demo's hosts and the renewal of a certificate."""

from __future__ import annotations

from pathlib import Path

from lab_hosts import host, issue

from psrebind.lab import scenario
from psrebind.lab.authority import Authority


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


def test_renew_imports_links_and_archives(tmp_path: Path) -> None:
    """A renewal puts the new certificate beside the old, which is linked to it and archived."""
    certificate = issue(tmp_path, ("a.example", "b.example"))
    where = host(tmp_path, certificates=(certificate,))
    authority = Authority.load_or_create(tmp_path / "authority")
    new = scenario.renew(where, authority, certificate.thumbprint)
    old, added = where.state.certificates
    assert (old.renewed_by, old.archived, added.thumbprint) == (new, True, new)
    assert (added.names, added.archived) == (certificate.names, False)
