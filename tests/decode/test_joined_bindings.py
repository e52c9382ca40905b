"""IIS bindings join_records with http.sys records, and what is odd about them."""

from __future__ import annotations

from uuid import UUID

import pytest

from psrebind.decode.bindings import IisState, RawBinding, RawSite, join_records, record_key
from psrebind.decode.records import RawRecord
from psrebind.iis_model import IIS_APPLICATION_ID, Binding, RecordKind
from psrebind.model import Thumbprint

ONE, TWO = Thumbprint("11" * 20), Thumbprint("22" * 20)


def held(
    kind: RecordKind,
    endpoint: str,
    thumbprint: Thumbprint | None = ONE,
    application: str = IIS_APPLICATION_ID,
) -> RawRecord:
    """A record as a script reports it."""
    binary = {"AppId": UUID(application).bytes_le}
    return RawRecord(kind, endpoint, thumbprint, "My", binary, {})


def bound(information: str, flags: int = 0, site: int = 1) -> RawBinding:
    """A binding as Get-WebBinding shows it."""
    path = f"/system.applicationHost/sites/site[@name='A' and @id='{site}']"
    return RawBinding(path, information, flags)


def only(binding: RawBinding, *records: RawRecord) -> Binding:
    """Join one binding of a site with records."""
    (found,) = join_records(IisState((RawSite(1, "A", "Started"),), (binding,), records)).bindings
    return found


@pytest.mark.parametrize(
    ("information", "flags", "kind", "endpoint"),
    [
        ("*:443:", 0, RecordKind.IP, "0.0.0.0:443"),
        (":443:", 0, RecordKind.IP, "0.0.0.0:443"),
        ("*:443:www.example", 0, RecordKind.IP, "0.0.0.0:443"),
        ("192.0.2.1:443:", 4, RecordKind.IP, "192.0.2.1:443"),
        ("[2001:DB8::1]:443:", 0, RecordKind.IP, "[2001:db8::1]:443"),
        ("[2001:DB8:0:0:0:0:0:5]:443:", 0, RecordKind.IP, "[2001:db8::5]:443"),
        ("[fe80:0::1%7]:443:", 0, RecordKind.IP, "[fe80::1%7]:443"),
        ("*:443:www.example", 1, RecordKind.SNI, "WWW.example:443"),
        ("*:443:münchen.example", 1, RecordKind.SNI, "xn--mnchen-3ya.example:443"),
        ("*:443:xn--mnchen-3ya.example", 1, RecordKind.SNI, "münchen.example:443"),
        ("*:443:www.example", 3, RecordKind.CCS, "443"),
        ("*:443:www.example", 2, RecordKind.CCS, "0.0.0.0:443"),
    ],
)
def test_record(information: str, flags: int, kind: RecordKind, endpoint: str) -> None:
    """The flags say which kind of record answers, the information which of them."""
    found = only(bound(information, flags), held(kind, endpoint))
    assert found.thumbprint == ONE
    assert found.problems == ()


def test_site_by_number() -> None:
    """The site is found by its number, whatever characters its name has."""
    path = "/sites/site[@name='it's [@id='7'] here' and @id='1']"
    found = only(RawBinding(path, "*:443:", 0), held(RecordKind.IP, "0.0.0.0:443"))
    assert (found.site, found.site_id, found.state) == ("A", 1, "Started")


def test_strays() -> None:
    """Records that no binding uses are given apart, a wrong kind among them."""
    records = (held(RecordKind.IP, "0.0.0.0:443"), held(RecordKind.SNI, "a.example:443"))
    state = IisState((), (bound("*:443:a.example", 1),), records)
    found = join_records(state)
    assert found.bindings[0].record
    assert [stray.endpoint for stray in found.orphan_records] == ["0.0.0.0:443"]


def test_no_record() -> None:
    """A binding without a record says which one is missing."""
    assert only(bound("*:443:")).problems == ("no http.sys record ipport=0.0.0.0:443",)


def test_no_certificate() -> None:
    """A record without a certificate is a problem, but for the central store."""
    assert only(bound("*:443:"), held(RecordKind.IP, "0.0.0.0:443", None)).problems
    assert not only(bound("*:443:a", 3), held(RecordKind.CCS, "443", None)).problems


@pytest.mark.parametrize(
    ("application", "services", "problems"),
    [
        ("5d89a20c-beab-4389-9447-324788eb944a", ("adfssrv",), 1),
        ("d7d72267-fcf9-4424-9eec-7e1d8dcec9a9", ("WMSvc", "WinRM"), 1),
        ("5d89a20c-beab-4389-9447-324788eb944a", (), 0),
        ("214124cd-d05b-4309-9af9-9caa44b2b74a", ("adfssrv",), 0),
        ("11111111-2222-3333-4444-555555555555", ("adfssrv",), 0),
    ],
)
def test_foreign_record(application: str, services: tuple[str, ...], problems: int) -> None:
    """A record is another program's where its service is on the host; else it has a label only."""
    record = held(RecordKind.IP, "0.0.0.0:443", ONE, application)
    sites = (RawSite(1, "A", "Started"),)
    (found,) = join_records(IisState(sites, (bound("*:443:"),), (record,), services)).bindings
    assert len(found.problems) == problems


def test_sni_without_name() -> None:
    """SNI on a binding without a host name breaks IIS Manager, and is said."""
    assert "SNI is on without a host name" in only(bound("*:443:", 1)).problems


@pytest.mark.parametrize(
    ("information", "endpoint", "thumbprint", "shadowed"),
    [
        ("*:443:a.example", "0.0.0.0:443", TWO, False),
        ("*:443:a.example", "[::]:443", TWO, False),
        ("*:443:a.example", "192.0.2.1:443", TWO, True),
        ("0.0.0.0:443:a.example", "192.0.2.1:443", TWO, True),
        ("192.0.2.1:443:a.example", "0.0.0.0:443", TWO, False),
        ("192.0.2.1:443:a.example", "192.0.2.1:443", TWO, True),
        ("[2001:DB8:0::5]:443:a.example", "[2001:db8::5]:443", TWO, True),
        ("192.0.2.1:443:a.example", "192.0.2.2:443", TWO, False),
        ("*:443:a.example", "0.0.0.0:8443", TWO, False),
        ("*:443:a.example", "0.0.0.0:443", ONE, False),
    ],
)
def test_shadow(information: str, endpoint: str, thumbprint: Thumbprint, shadowed: bool) -> None:
    """Only a record of an exact address that the binding listens on may win over SNI."""
    records = held(RecordKind.SNI, "a.example:443"), held(RecordKind.IP, endpoint, thumbprint)
    assert bool(only(bound(information, 1), *records).problems) is shadowed


def test_shadows_are_one_word() -> None:
    """Several records that may answer in the place of one binding are said once."""
    addresses = ("192.0.2.1:443", "192.0.2.2:443", "0.0.0.0:443")
    records = [held(RecordKind.IP, address, TWO) for address in addresses]
    found = only(bound("*:443:a.example", 1), held(RecordKind.SNI, "a.example:443"), *records)
    assert found.problems == (
        "the records ipport=192.0.2.1:443, ipport=192.0.2.2:443 may answer in its place",
    )


def test_a_left_over_record_of_one_address_is_said() -> None:
    """Without SNI, too, an exact address answers before all addresses; an owned one may."""
    left, own = held(RecordKind.IP, "192.0.2.1:443", TWO), held(RecordKind.IP, "0.0.0.0:443")
    assert only(bound("*:443:"), own, left).problems == (
        "the record ipport=192.0.2.1:443 answers there in its place, and no binding has it",
    )
    pair = (bound("*:443:"), bound("192.0.2.1:443:", site=1))
    state = IisState((RawSite(1, "A", "Started"),), pair, (own, left))
    assert [one.problems for one in join_records(state).bindings] == [(), ()]


@pytest.mark.parametrize(
    ("information", "endpoint", "said"),
    [
        ("*:443:", "[2001:db8::5]:443", True),
        ("[::]:443:", "[2001:db8::5]:443", True),
        ("[::]:443:", "192.0.2.1:443", False),
        ("[2001:DB8:0::5]:443:", "[2001:db8::5]:443", False),
    ],
)
def test_a_left_over_of_ipv6(information: str, endpoint: str, said: bool) -> None:
    """[::] is every address of IPv6 alone; an address however spelled is the binding's own."""
    left = held(RecordKind.IP, endpoint, TWO)
    problems = only(bound(information), held(RecordKind.IP, "[::]:443"), left).problems
    assert any("answers there" in one for one in problems) is said


@pytest.mark.parametrize("odd", ["*:443:a\0b", "1\x1b2:443:"])
def test_control_characters_are_no_binding(odd: str) -> None:
    """What no host name can have stands apart, and never reaches a socket."""
    state = IisState((RawSite(1, "A", "Started"),), (bound(odd),), ())
    assert len(join_records(state).unreadable) == 1


@pytest.mark.parametrize("odd", ["no-port", "*:0:zero.example", "*:99999:"])
def test_unreadable_information(odd: str) -> None:
    """A binding that IIS cannot mean stands apart with its reason; the others are kept."""
    sites = (RawSite(1, "A", "Started"), RawSite(2, "B", "Stopped"))
    rows = (bound("*:443:"), bound(odd, 1, site=2))
    found = join_records(IisState(sites, rows, (held(RecordKind.IP, "0.0.0.0:443"),)))
    assert [one.thumbprint for one in found.bindings] == [ONE]
    (other,) = found.unreadable
    assert (other.site, other.state, other.information, other.flags) == ("B", "Stopped", odd, 1)
    assert "is not a binding" in other.reason


def test_record_key() -> None:
    """Two spellings of one record are one key."""
    one = record_key(RecordKind.SNI, "MÜNCHEN.example:443")
    assert one == record_key(RecordKind.SNI, "xn--mnchen-3ya.example:443")


def test_a_site_that_nothing_can_be_asked_by() -> None:
    """A name with a NUL goes into no script: its bindings are told and left alone."""
    state = IisState((RawSite(1, "A\0", "Started"),), (bound("*:443:"),), ())
    (found,) = join_records(state).unreadable
    assert (found.site, "NUL" in found.reason) == ("A\0", True)
