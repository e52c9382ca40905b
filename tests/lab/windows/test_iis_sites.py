"""Sites and certificates that PowerShell makes on a host, and takes away."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_hosts import host, only_record

from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.state import Facts, HostState

SITE = {"name": "Made", "id": 7, "port": 8443, "ssl": True}
PLACE = {"site_id": 7, "bindingInformation": "*:8443:", "store": "My"}


def test_a_site_is_made_bound_and_removed(tmp_path: Path) -> None:
    """A self-signed certificate can be bound; a removed site leaves its record behind."""
    where = host(tmp_path)
    assert where.call("iis.add_site", SITE)["state"] == "Started"
    made = where.call("pki.self_signed", {"names": ["made.example"], "store": "My"})
    where.call("binding.AddSslCertificate", PLACE | {"hash": made["thumbprint"]})
    where.call("iis.remove_site", {"name": "made"})
    assert where.state.sites == ()
    assert only_record(where).thumbprint == made["thumbprint"]


def test_what_is_there_cannot_be_made_again(tmp_path: Path) -> None:
    """A second site of one name, and a second binding of one address, are faults."""
    where = host(tmp_path)
    binding = {"name": "Made", "protocol": "https", "port": 8443, "host": "", "flags": 0}
    where.call("iis.add_site", SITE)
    for command, arguments in (("iis.add_site", SITE), ("iis.add_binding", binding)):
        with pytest.raises(HostFault):
            where.call(command, arguments)
    where.call("iis.add_binding", binding | {"host": "a.example", "flags": 1})
    assert [one.information for one in where.state.sites[0].bindings] == [
        "*:8443:",
        "*:8443:a.example",
    ]


def test_an_old_iis_knows_two_flags(tmp_path: Path) -> None:
    """Before Server 2016 a binding takes the flags for server names and central files only."""
    where = host(tmp_path, HostState(facts=Facts(name="old", build=9600)))
    where.call("iis.add_site", SITE)
    with pytest.raises(HostFault):
        where.call("iis.add_binding", SITE | {"protocol": "https", "port": 9443, "flags": 4})


def test_an_archived_certificate_is_hidden_and_comes_back(tmp_path: Path) -> None:
    """The drive does not show it; removing takes it out of the store."""
    where = host(tmp_path)
    made = where.call("pki.self_signed", {"names": ["made.example"], "store": "My"})
    one = {"store": "My", "thumbprint": made["thumbprint"]}
    where.call("store.archive", one | {"archived": True})
    assert where.call("store.certificates", {"store": "My"}) == []
    where.call("store.archive", one | {"archived": False})
    assert len(where.call("store.certificates", {"store": "My"})) == 1
    where.call("store.remove", one)
    assert where.state.certificates == ()
    with pytest.raises(HostFault):
        where.call("store.remove", one)


@pytest.mark.parametrize("command", ["iis.add_site", "iis.remove_site", "pki.self_signed"])
def test_only_who_is_elevated_makes_anything(tmp_path: Path, command: str) -> None:
    """Access is denied to everybody else, and nothing changes."""
    where = host(tmp_path, HostState(facts=Facts(name="web01", elevated=False)))
    before = where.state
    with pytest.raises(HostFault, match="denied"):
        where.call(command, SITE | {"names": ["made.example"], "store": "My"})
    assert where.state is before
