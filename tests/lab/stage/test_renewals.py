"""How certificates come to a lab host, and what follows from each way."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from lab_hosts import bind, host, issue, site
from lab_tasks import authority, bound_host, events, hashes, last_run, register

from psrebind.errors import InvalidInput
from psrebind.lab.stage import renewals, scenario
from psrebind.lab.stage.overview import overview
from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.host import Host

RENEWAL = "*[System[EventID=1001]]"


def two_of_one_template(folder: Path, *, replaces: bool) -> tuple[Host, list[StoredCertificate]]:
    """Return a host with two bound certificates of one template and a third of another."""
    made = [replace(issue(folder, (f"{n}.example",)), template="WebServer") for n in "ab"]
    made.append(replace(issue(folder, ("c.example",)), template="Other"))
    where = host(
        folder,
        sites=tuple(site(f"*:8443:{name}.example", 1, number=n) for n, name in enumerate("abc", 1)),
        certificates=tuple(made),
        assumptions=Assumptions(renewal_replaces_others_of_template=replaces),
    )
    for number, one in enumerate(made, start=1):
        bind(where, one, number=number)
    register(where)
    return where, made


def test_renew_imports_links_and_archives(tmp_path: Path) -> None:
    """A renewal puts the new certificate beside the old, which is linked to it and archived."""
    certificate = issue(tmp_path, ("a.example", "b.example"))
    where = host(tmp_path, certificates=(certificate,))
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint.lower())
    old, added = where.state.certificates
    assert (old.renewed_by, old.archived, added.thumbprint) == (new, True, new)
    assert (added.names, added.archived) == (certificate.names, False)


def test_renew_writes_three_events(tmp_path: Path) -> None:
    """Autoenrollment leaves 1006 Enroll, 1001 Renew and 1005, in this order, by the host."""
    where, certificate = bound_host(tmp_path)
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    found = events(where, oldest=True)
    assert [one["id"] for one in found] == [1006, 1001, 1005]
    first, second, third = (one["xml"] for one in found)
    assert ("<Action>Enroll<" in first, "<Action>Renew<" in second) == (True, True)
    assert "<Action>" not in third
    assert f"<OldCertificateDetails Thumbprint='{certificate.thumbprint.lower()}'" in second
    assert f"<NewCertificateDetails Thumbprint='{new.lower()}'" in second
    assert f"<CertificateDetails Thumbprint='{certificate.thumbprint.lower()}'" in third
    assert all(
        'ProcessName="taskhostw.exe" AccountName="LAB\\WEB01$"' in one["xml"] for one in found
    )


def test_renew_reaches_every_store_and_takes_names(tmp_path: Path) -> None:
    """The new certificate lies in each store of the old one, with the names that were asked for."""
    certificate = issue(tmp_path, ("a.example", "b.example"))
    hosting = replace(certificate, store="WebHosting")
    where = host(tmp_path, certificates=(certificate, hosting))
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint, names=("a.example",))
    found = [one for one in where.state.certificates if one.thumbprint == new]
    assert [(one.store, one.names) for one in found] == [
        ("My", ("a.example",)),
        ("WebHosting", ("a.example",)),
    ]


def test_renew_goes_on_as_a_chain(tmp_path: Path) -> None:
    """Two renewals make a chain A to B to C with A and B archived, and the binding follows."""
    where, first = bound_host(tmp_path)
    register(where)
    second = renewals.renew(where, authority(tmp_path), first.thumbprint)
    third = renewals.renew(where, authority(tmp_path), second)
    assert hashes(where) == [third]
    links = [(one.renewed_by, one.archived) for one in where.state.certificates]
    assert links == [(second, True), (third, True), (None, False)]


def test_unknown_certificate_is_invalid_input(tmp_path: Path) -> None:
    """A thumbprint that the host does not have is refused by name."""
    with pytest.raises(InvalidInput, match="web01 has no certificate 00"):
        renewals.renew(host(tmp_path), authority(tmp_path), "00")


def test_import_is_no_renewal(tmp_path: Path) -> None:
    """An ACME client's import leaves 1006 only, no link and no template, and starts nothing."""
    where, certificate = bound_host(tmp_path)
    register(where)
    new = renewals.import_certificate(where, authority(tmp_path), like=certificate.thumbprint)
    old, added = where.state.certificates
    assert (old.renewed_by, old.archived) == (None, False)
    assert (added.thumbprint, added.template, added.names) == (new, None, old.names)
    assert [one["id"] for one in events(where)] == [1006]
    assert "<Template" not in events(where)[0]["xml"]
    assert (hashes(where), last_run(where)[1]) == ([old.thumbprint], 267011)


def test_failure_two_replaces_all_of_a_template(tmp_path: Path) -> None:
    """Renewing one of two replaces both: each site of the template has the one certificate."""
    where, made = two_of_one_template(tmp_path, replaces=True)
    new = renewals.renew(where, authority(tmp_path), made[0].thumbprint)
    assert hashes(where) == [new, new, made[2].thumbprint]
    assert len(events(where, RENEWAL)) == 2
    assert [one.archived for one in where.state.certificates] == [True, True, False, False]


def test_without_failure_two_each_has_its_own(tmp_path: Path) -> None:
    """By default a renewal touches the certificate that it renews."""
    where, made = two_of_one_template(tmp_path, replaces=False)
    new = renewals.renew(where, authority(tmp_path), made[0].thumbprint)
    assert hashes(where) == [new, made[1].thumbprint, made[2].thumbprint]


def test_runs_of_one_host_come_one_after_another(tmp_path: Path) -> None:
    """Two renewals at one time never meet in the gap of a rebind: the second task waits."""
    where, made = two_of_one_template(tmp_path, replaces=False)
    meeting = threading.Barrier(2)
    met: list[bool] = []

    def sleep(_: float) -> None:
        try:
            meeting.wait(0.5)
            met.append(True)
        except threading.BrokenBarrierError:
            met.append(False)

    where.sleep = sleep
    gap = replace(where.state.assumptions, rebind_ssl_certificate_deletes_first=True)
    where.change(lambda state: replace(state, assumptions=gap))
    both = threading.Barrier(2)

    def renew(one: StoredCertificate) -> None:
        both.wait(10)
        renewals.renew(where, authority(tmp_path), one.thumbprint)

    threads = [threading.Thread(target=renew, args=(one,)) for one in made[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == [False, False]
    assert len(where.state.tasks[0].runs) == 2


def test_demo_hosts_answer_to_a_renewal(tmp_path: Path) -> None:
    """With the task a renewal moves web02, takes web05 whole, and web06 misses it."""
    made = scenario.create(tmp_path, scenario.ALL_NAMES)
    for name in ("web02", "web05"):
        register(made.hosts[name])
    old = {name: hashes(one) for name, one in made.hosts.items()}
    new = {
        name: renewals.renew(made.hosts[name], made.authority, old[name][0])
        for name in ("web02", "web05", "web06")
    }
    assert set(hashes(made.hosts["web02"])) == {new["web02"]}
    assert set(hashes(made.hosts["web05"])) == {new["web05"]}
    assert hashes(made.hosts["web06"]) == old["web06"]
    assert "Serverauthentifizierung" in events(made.hosts["web02"])[0]["xml"]


def test_overview_shows_a_renewal(tmp_path: Path) -> None:
    """Bindings with names and days left, the task's last result, newest events, stores."""
    where, certificate = bound_host(tmp_path)
    register(where)
    new = renewals.renew(where, authority(tmp_path), certificate.thumbprint)
    shown = overview(where)
    (binding,) = shown["bindings"]
    assert (binding["thumbprint"], binding["certificate"]["names"]) == (new, ["www.example"])
    assert binding["certificate"]["days_left"] in (364, 365)
    (task,) = shown["tasks"]
    assert (task["state"], task["last_result"], task["last_record"]) == ("Ready", 0, 2)
    newest = shown["channels"][0]["newest"]
    assert [one["id"] for one in newest] == [1005, 1001, 1006]
    assert newest[1]["thumbprints"] == [certificate.thumbprint, new]
    assert [one["renewed_by"] for one in shown["certificates"]] == [new, None]
