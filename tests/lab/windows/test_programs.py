"""appcmd and whoami, and programs that fail on request."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab_hosts import bind, host, issue, only_record, run, site, sslcert

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.state import Facts, HostState

APPCMD = r"C:\Windows\System32\inetsrv\appcmd.exe"


def renew(where: Host, old: StoredCertificate, new: StoredCertificate) -> tuple[int, str]:
    """Run appcmd as the task of IIS Manager does, with hashes as the event gives them."""
    words = (f"/oldcert:{old.thumbprint.lower()}", f"/newcert:{new.thumbprint.lower()}")
    return run(where, APPCMD, "renew", "binding", *words)


def two_stores(folder: Path, **fields: Any) -> tuple[Host, StoredCertificate, StoredCertificate]:
    """Return a host with three bound SNI sites, the middle one in WebHosting."""
    old, new = issue(folder), issue(folder)
    hosting = replace(old, store="WebHosting")
    sites = tuple(site(f"*:8443:{n}.example", 1, number=n) for n in (1, 2, 3))
    where = host(folder, sites=sites, certificates=(old, new, hosting), **fields)
    for number, certificate in enumerate((old, hosting, old), start=1):
        bind(where, certificate, number=number)
    return where, old, new


def hashes(where: Host) -> list[str]:
    """Return the thumbprints of all bindings."""
    return [one["certificateHash"] for one in where.call("iis.bindings", {})]


def test_appcmd_rebinds_every_binding_with_the_old(tmp_path: Path) -> None:
    """Each binding with the old hash gets the new one from its own store."""
    where, old, new = two_stores(tmp_path)
    hosting = replace(new, store="WebHosting")
    where.change(lambda state: replace(state, certificates=(*state.certificates, hosting)))
    assert renew(where, old, new) == (0, "")
    assert hashes(where) == [new.thumbprint] * 3
    assert [one.store for one in where.state.records] == ["My", "WebHosting", "My"]


def test_appcmd_skips_another_store_in_silence(tmp_path: Path) -> None:
    """A binding whose store lacks the new certificate keeps the old, and appcmd succeeds."""
    where, old, new = two_stores(tmp_path)
    assert renew(where, old, new) == (0, "")
    assert hashes(where) == [new.thumbprint, old.thumbprint, new.thumbprint]


def test_appcmd_skip_status_is_an_assumption(tmp_path: Path) -> None:
    """The exit status of a skip can be another one."""
    where, old, new = two_stores(tmp_path, assumptions=Assumptions(appcmd_exit_status_on_skip=50))
    assert renew(where, old, new)[0] == 50


@pytest.mark.parametrize("is_missing", [True, False])
def test_appcmd_takes_archived_for_missing(tmp_path: Path, *, is_missing: bool) -> None:
    """Whether an archived new certificate is there for appcmd is a guess that can be turned."""
    old, new = issue(tmp_path), replace(issue(tmp_path), archived=True)
    where = host(
        tmp_path,
        sites=(site("*:8443:"),),
        certificates=(old, new),
        assumptions=Assumptions(archived_counts_as_missing=is_missing),
    )
    bind(where, old)
    assert renew(where, old, new) == (0, "")
    assert hashes(where) == [old.thumbprint if is_missing else new.thumbprint]


def test_appcmd_stops_at_the_first_error(tmp_path: Path) -> None:
    """An error ends the walk; what was done before stays done."""
    where, old, new = two_stores(tmp_path)
    broken = replace(new, store="WebHosting", key=None)
    where.change(lambda state: replace(state, certificates=(*state.certificates, broken)))
    status, output = renew(where, old, new)
    assert (status, "logon session" in output) == (1312, True)
    assert hashes(where) == [new.thumbprint, old.thumbprint, old.thumbprint]


def test_appcmd_leaves_other_certificates_alone(tmp_path: Path) -> None:
    """A binding with a third certificate is not touched."""
    old, new, third = issue(tmp_path), issue(tmp_path), issue(tmp_path)
    where = host(tmp_path, sites=(site("*:8443:"),), certificates=(old, new, third))
    bind(where, third)
    assert renew(where, old, new) == (0, "")
    assert hashes(where) == [third.thumbprint]


def test_appcmd_uses_the_rebind_method(tmp_path: Path) -> None:
    """A RebindSslCertificate that does nothing makes an appcmd that does nothing."""
    where, old, new = two_stores(tmp_path)
    where.faults["binding.RebindSslCertificate"] = "nothing"
    assert renew(where, old, new) == (0, "")
    assert hashes(where) == [old.thumbprint] * 3


def test_appcmd_other_verbs_are_not_simulated(tmp_path: Path) -> None:
    """A verb that the lab does not model fails by name."""
    with pytest.raises(HostFault, match="appcmd list site is not simulated"):
        run(host(tmp_path), "appcmd.exe", "list", "site")


def test_appcmd_is_missing_without_iis(tmp_path: Path) -> None:
    """A host without IIS has no appcmd."""
    where = host(tmp_path, HostState(facts=Facts(name="bare", iis_version=None)))
    with pytest.raises(HostFault) as caught:
        run(where, APPCMD, "renew", "binding")
    assert caught.value.error_id == "CommandNotFoundException"


@pytest.mark.parametrize(
    ("account", "held"),
    [
        ({}, True),
        ({"ui_culture": "de-DE"}, True),
        ({"elevated": False}, False),
        ({"administrator": False}, False),
    ],
)
def test_whoami_lists_privileges(tmp_path: Path, account: dict[str, Any], held: bool) -> None:
    """Privileges come as CSV, their names the same in every language, what they do in its own."""
    state = HostState(facts=Facts(name="web01", **account))
    status, output = run(host(tmp_path, state), "whoami.exe", "/priv", "/fo", "csv", "/nh")
    rows = {row[0]: row for row in csv.reader(output.splitlines())}
    assert (status, "SeTakeOwnershipPrivilege" in rows) == (0, held)
    state_word = "Aktiviert" if account.get("ui_culture") else "Enabled"
    assert {row[2] for row in rows.values()} == {state_word}


def test_unknown_program_is_not_found(tmp_path: Path) -> None:
    """A program that the host does not have is a command not found."""
    with pytest.raises(HostFault) as caught:
        run(host(tmp_path), "certutil.exe", "-store")
    assert caught.value.error_id == "CommandNotFoundException"


def test_program_fault_fails_with_a_status(tmp_path: Path) -> None:
    """A program told to fail exits with the sharing violation's number and changes nothing."""
    certificate = issue(tmp_path)
    where = host(tmp_path, certificates=(certificate,))
    where.faults["netsh http add sslcert"] = "fail"
    assert sslcert(where, "add", certificate)[0] == 32
    assert where.state.records == ()


def test_program_fault_nothing_exits_zero(tmp_path: Path) -> None:
    """A program told to do nothing exits 0 and changes nothing; another verb still works."""
    certificate = issue(tmp_path)
    where = host(tmp_path, certificates=(certificate,))
    sslcert(where, "add", certificate)
    where.faults["netsh http delete"] = "nothing"
    assert sslcert(where, "delete", certificate) == (0, "")
    assert only_record(where).thumbprint == certificate.thumbprint
