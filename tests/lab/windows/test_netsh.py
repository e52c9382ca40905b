"""netsh http sslcert: what it changes, says and exits with."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_hosts import PRODUCT_APPID, host, issue, only_record, run, sslcert

from psrebind.lab.windows.assumptions import Assumptions
from psrebind.lab.windows.http_sys import Options, RecordKind
from psrebind.lab.windows.state import Facts, HostState


def test_netsh_add_makes_a_record_with_its_options(tmp_path: Path) -> None:
    """netsh add writes the options that its words stand for."""
    certificate = issue(tmp_path)
    where = host(tmp_path, certificates=(certificate,))
    words = (
        "verifyclientcertrevocation=disable",
        "usagecheck=disable",
        "revocationfreshnesstime=60",
        "urlretrievaltimeout=15000",
        "sslctlstorename=ClientAuthIssuer",
        "dsmapperusage=enable",
        "clientcertnegotiation=enable",
        "disablehttp2=enable",
        "disabletls13=disable",
    )
    assert sslcert(where, "add", certificate, *words)[0] == 0
    record = only_record(where)
    assert (record.thumbprint, record.store) == (certificate.thumbprint, "MY")
    assert record.appid == PRODUCT_APPID
    assert record.options == Options(
        check_mode=1 | 4 | 0x10000,
        revocation_freshness_time=60,
        revocation_url_retrieval_timeout=15000,
        ctl_store_name="ClientAuthIssuer",
        flags=1 | 2 | 16,
    )


def test_netsh_add_refuses_a_second_record(tmp_path: Path) -> None:
    """netsh add does not replace: error 183."""
    certificate = issue(tmp_path)
    where = host(tmp_path, certificates=(certificate,))
    sslcert(where, "add", certificate)
    status, output = sslcert(where, "add", certificate)
    assert (status, "183" in output) == (1, True)


def test_netsh_add_refuses_a_missing_certificate(tmp_path: Path) -> None:
    """A certificate that is not there is error 1312, and no record comes of it."""
    where = host(tmp_path)
    status, output = sslcert(where, "add", issue(tmp_path))
    assert (status, "1312" in output, where.state.records) == (1, True, ())


@pytest.mark.parametrize("keeps", [True, False])
def test_netsh_update_resets_what_it_is_not_told(tmp_path: Path, keeps: bool) -> None:
    """netsh update hands over a whole record, unless the assumption says it keeps the rest."""
    old, new = issue(tmp_path), issue(tmp_path)
    assumptions = Assumptions(netsh_update_keeps_unnamed_options=keeps)
    where = host(tmp_path, certificates=(old, new), assumptions=assumptions)
    sslcert(where, "add", old, "clientcertnegotiation=enable")
    assert sslcert(where, "update", new, "dsmapperusage=enable")[0] == 0
    record = only_record(where)
    assert record.thumbprint == new.thumbprint
    assert record.options.flags == (3 if keeps else 1)


def test_netsh_update_needs_a_record(tmp_path: Path) -> None:
    """netsh update without a record does not find the file: error 2."""
    certificate = issue(tmp_path)
    status, output = sslcert(host(tmp_path, certificates=(certificate,)), "update", certificate)
    assert (status, "Error: 2" in output) == (1, True)


def test_netsh_update_is_unknown_before_1703(tmp_path: Path) -> None:
    """Server 2016 answers update with the usage text and changes nothing."""
    old, new = issue(tmp_path), issue(tmp_path)
    state = HostState(facts=Facts(name="web03", build=14393))
    where = host(tmp_path, state, certificates=(old, new))
    sslcert(where, "add", old)
    status, output = sslcert(where, "update", new)
    assert (status, "Usage:" in output) == (1, True)
    assert only_record(where).thumbprint == old.thumbprint


@pytest.mark.parametrize("word", ["enablesessionticket=enable", "nonsense=1"])
def test_netsh_ignores_a_command_with_an_unknown_parameter(tmp_path: Path, word: str) -> None:
    """A parameter unknown to this build: exit 0, and no record."""
    certificate = issue(tmp_path)
    state = HostState(facts=Facts(name="web02", build=17763))
    where = host(tmp_path, state, certificates=(certificate,))
    assert sslcert(where, "add", certificate, word)[0] == 0
    assert where.state.records == ()


def test_netsh_delete_takes_a_record_away_once(tmp_path: Path) -> None:
    """netsh delete removes the record; a second time it is not there."""
    certificate = issue(tmp_path)
    where = host(tmp_path, certificates=(certificate,))
    sslcert(where, "add", certificate)
    assert sslcert(where, "delete", certificate)[0] == 0
    assert where.state.records == ()
    assert sslcert(where, "delete", certificate)[0] == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("hostnameport=a.example:8443", "certstorename=My"), 0),
        (("hostnameport=a.example:8443",), 1),
        (("ccs=8443",), 0),
        (("ipport=0.0.0.0:8443", "ccs=8443"), 1),
        (("ipport=nowhere",), 1),
        (("ipport=0.0.0.0:8443", "reject=perhaps"), 1),
    ],
)
def test_netsh_wants_what_each_kind_needs(
    tmp_path: Path, words: tuple[str, ...], status: int
) -> None:
    """Each kind of record has its required words; others are met with the usage text."""
    certificate = issue(tmp_path)
    where = host(tmp_path, certificates=(certificate,))
    rest = (f"certhash={certificate.thumbprint}", f"appid={PRODUCT_APPID}")
    exit_status, _ = run(where, "netsh", "http", "add", "sslcert", *words, *rest)
    assert (exit_status, len(where.state.records)) == (status, 1 - status)


def test_netsh_central_record_has_no_certificate(tmp_path: Path) -> None:
    """A CCS record stands for a port and holds no hash."""
    where = host(tmp_path)
    run(where, "netsh", "http", "add", "sslcert", "ccs=8443", f"appid={PRODUCT_APPID}")
    record = only_record(where)
    assert (record.kind, record.thumbprint, record.store) == (RecordKind.CCS, None, None)


def test_netsh_needs_elevation(tmp_path: Path) -> None:
    """A filtered token is denied: error 5."""
    certificate = issue(tmp_path)
    state = HostState(facts=Facts(name="web01", elevated=False))
    where = host(tmp_path, state, certificates=(certificate,))
    status, output = sslcert(where, "add", certificate)
    assert (status, "Error: 5" in output, where.state.records) == (1, True, ())


def test_netsh_speaks_german(tmp_path: Path) -> None:
    """A German host's netsh says it in German."""
    certificate = issue(tmp_path)
    state = HostState(facts=Facts(name="web02", ui_culture="de-DE"))
    where = host(tmp_path, state, certificates=(certificate,))
    assert "erfolgreich hinzugefügt" in sslcert(where, "add", certificate)[1]
