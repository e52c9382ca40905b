"""The binding methods of IIS: what they write, forget, refuse and say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab_hosts import PRODUCT_APPID, SPECIAL, bind, host, issue, only_record, site, special_host

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.http_sys import IIS_APPLICATION, Options, RecordKind, find_record
from psrebind.lab.windows.state import Facts, HostState


@pytest.mark.parametrize(
    ("information", "flags", "kind", "key"),
    [
        ("*:8443:", 0, "ipport", "0.0.0.0:8443"),
        ("*:8443:www.example", 0, "ipport", "0.0.0.0:8443"),
        ("127.0.20.131:8443:", 0, "ipport", "127.0.20.131:8443"),
        ("*:8443:www.example", 1, "hostnameport", "www.example:8443"),
        ("*:8443:www.example", 5, "hostnameport", "www.example:8443"),
    ],
)
def test_add_writes_the_record_of_the_kind(
    tmp_path: Path, information: str, flags: int, kind: str, key: str
) -> None:
    """AddSslCertificate makes the record that the binding's flags and address call for."""
    certificate = issue(tmp_path)
    where = host(tmp_path, sites=(site(information, flags),), certificates=(certificate,))
    bind(where, certificate)
    record = only_record(where)
    assert (record.kind.value, record.key) == (kind, key)
    assert (record.thumbprint, record.store) == (certificate.thumbprint, "My")
    assert (record.appid, record.options) == (IIS_APPLICATION, Options())


@pytest.mark.parametrize("method", ["Add", "Rebind"])
def test_methods_forget_options_by_default(tmp_path: Path, method: str) -> None:
    """Both methods leave a record with default options and IIS's appid."""
    where, new = special_host(tmp_path)
    bind(where, new, method)
    assert (only_record(where).options, only_record(where).appid) == (Options(), IIS_APPLICATION)


@pytest.mark.parametrize("method", ["Add", "Rebind"])
def test_methods_keep_options_on_assumption(tmp_path: Path, method: str) -> None:
    """With the assumption off, a record keeps its options and its appid."""
    where, new = special_host(tmp_path, **{f"{method.lower()}_resets_options": False})
    bind(where, new, method)
    assert (only_record(where).options, only_record(where).appid) == (SPECIAL, PRODUCT_APPID)
    assert only_record(where).thumbprint == new.thumbprint


@pytest.mark.parametrize("deletes_first", [True, False])
@pytest.mark.parametrize("method", ["Add", "Rebind"])
def test_gap_follows_the_assumption(tmp_path: Path, method: str, deletes_first: bool) -> None:
    """A method that deletes first leaves no record for the gap; one that does not never waits."""
    name = f"{method.lower()}_ssl_certificate_deletes_first"
    where, new = special_host(tmp_path, gap_milliseconds=70, **{name: deletes_first})
    seen: list[tuple[float, int]] = []
    where.sleep = lambda seconds: seen.append((seconds, len(where.state.records)))
    bind(where, new, method)
    assert seen == ([(0.07, 0)] if deletes_first else [])
    assert only_record(where).thumbprint == new.thumbprint


def test_flags_of_a_new_record_may_follow_ssl_flags(tmp_path: Path) -> None:
    """On assumption, sslFlags beyond 3 become DefaultFlags of the record."""
    certificate = issue(tmp_path)
    where = host(
        tmp_path,
        sites=(site("*:8443:www.example", 1 | 4 | 32),),
        certificates=(certificate,),
        assumptions=Assumptions(record_flags_follow_ssl_flags=True),
    )
    bind(where, certificate)
    assert only_record(where).options.flags == 16 | 64


@pytest.mark.parametrize(
    ("change", "store", "hresult"),
    [
        ({}, "WebHosting", 0x80070490),
        ({"key_linked": False}, "My", 0x80070520),
        ({"key": None}, "My", 0x80070520),
    ],
)
def test_add_refuses_what_cannot_serve(
    tmp_path: Path, change: dict[str, Any], store: str, hresult: int
) -> None:
    """A certificate elsewhere or without its key is refused, and nothing is written."""
    certificate = replace(issue(tmp_path), **change)
    where = host(tmp_path, sites=(site("*:8443:"),), certificates=(certificate,))
    with pytest.raises(HostFault) as caught:
        bind(where, replace(certificate, store=store))
    assert caught.value.hresult == hresult
    assert where.state.records == ()


@pytest.mark.parametrize("is_missing", [True, False])
def test_an_archived_certificate_counts_as_missing_on_assumption(
    tmp_path: Path, *, is_missing: bool
) -> None:
    """Whether AddSslCertificate finds an archived certificate is a guess that can be turned."""
    certificate = replace(issue(tmp_path), archived=True)
    where = host(
        tmp_path,
        sites=(site("*:8443:"),),
        certificates=(certificate,),
        assumptions=Assumptions(archived_counts_as_missing=is_missing),
    )
    if is_missing:
        with pytest.raises(HostFault) as caught:
            bind(where, certificate)
        assert caught.value.hresult == 0x80070490
    else:
        bind(where, certificate)
        assert only_record(where).thumbprint == certificate.thumbprint


def test_add_refuses_a_dirty_thumbprint(tmp_path: Path) -> None:
    """A thumbprint with a hidden character is out of the expected range."""
    where = host(tmp_path, sites=(site("*:8443:"),))
    arguments = {"site_id": 1, "bindingInformation": "*:8443:", "store": "My"}
    with pytest.raises(HostFault, match="expected range"):
        where.call("binding.AddSslCertificate", {**arguments, "hash": "\u200e" + "A" * 40})


def test_add_refuses_a_central_binding(tmp_path: Path) -> None:
    """A binding of the central store takes no certificate."""
    certificate = issue(tmp_path)
    where = host(tmp_path, sites=(site("*:8443:a.example", 3),), certificates=(certificate,))
    with pytest.raises(HostFault) as caught:
        bind(where, certificate)
    assert caught.value.category == "InvalidArgument"


def test_add_needs_elevation(tmp_path: Path) -> None:
    """A filtered token cannot change a binding."""
    state = HostState(facts=Facts(name="web01", elevated=False))
    certificate = issue(tmp_path)
    where = host(tmp_path, state, sites=(site("*:8443:"),), certificates=(certificate,))
    with pytest.raises(HostFault) as caught:
        bind(where, certificate)
    assert caught.value.hresult == 0x80070005


def test_messages_speak_the_language_of_the_host(tmp_path: Path) -> None:
    """A German host says the same fault in German, with the same code."""
    state = HostState(facts=Facts(name="web02", ui_culture="de-DE"))
    where = host(tmp_path, state, sites=(site("*:8443:"),))
    with pytest.raises(HostFault, match="Element nicht gefunden") as caught:
        bind(where, issue(tmp_path))
    assert caught.value.hresult == 0x80070490


def test_remove_takes_the_record_away_once(tmp_path: Path) -> None:
    """RemoveSslCertificate removes the record; without one it does not find the file."""
    where, _ = special_host(tmp_path)
    arguments = {"site_id": 1, "bindingInformation": "*:8443:"}
    where.call("binding.RemoveSslCertificate", arguments)
    assert where.state.records == ()
    with pytest.raises(HostFault) as caught:
        where.call("binding.RemoveSslCertificate", arguments)
    assert caught.value.exception_type == "System.IO.FileNotFoundException"


def test_bindings_show_the_record_and_filter(tmp_path: Path) -> None:
    """Get-WebBinding's values come from http.sys, for the bindings asked for only."""
    where, _ = special_host(tmp_path)
    old = where.state.certificates[0]
    where.change(lambda state: replace(state, sites=(*state.sites, site("*:9443:x", 1, number=2))))
    (found,) = where.call("iis.bindings", {"name": "site 1", "protocol": "https", "port": 8443})
    assert found["certificateHash"] == old.thumbprint
    assert found["certificateStoreName"] == "My"
    assert found["isDsMapperEnabled"] is True
    assert found["ItemXPath"] == "/system.applicationHost/sites/site[@name='Site 1' and @id='1']"
    (other,) = where.call("iis.bindings", {"host": "x"})
    assert (other["certificateHash"], other["bindingInformation"]) == ("", "*:9443:x")
    assert where.call("iis.bindings", {"name": "Site 3"}) == []


def test_sites_are_listed(tmp_path: Path) -> None:
    """Get-Website's values are id, name and state."""
    where = host(tmp_path, sites=(site("*:8443:"),))
    assert where.call("iis.sites", {}) == [{"id": 1, "name": "Site 1", "state": "Started"}]


def test_shared_address_changes_for_both_sites(tmp_path: Path) -> None:
    """Two sites without SNI on one ip:port have one record, and change together."""
    old, new = issue(tmp_path), issue(tmp_path)
    sites = (site("*:8443:a.example"), site("*:8443:b.example", number=2))
    where = host(tmp_path, sites=sites, certificates=(old, new))
    bind(where, old, number=1)
    bind(where, new, number=2)
    hashes = [one["certificateHash"] for one in where.call("iis.bindings", {})]
    assert hashes == [new.thumbprint] * 2


def test_host_records_compare_as_a_labels(tmp_path: Path) -> None:
    """A record is found by its name in either spelling."""
    certificate = issue(tmp_path)
    where = host(tmp_path, sites=(site("*:1:münchen.example", 1),), certificates=(certificate,))
    bind(where, certificate)
    key = "XN--MNCHEN-3YA.example:1"
    assert find_record(where.state.records, RecordKind.HOSTNAMEPORT, key) is not None
