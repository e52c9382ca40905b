"""The event decoder: ids, channels, namespaces, what repeats, is missing or unknown."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from psrebind.decode.events import (
    MEANINGS,
    EventCertificate,
    LifecycleEvent,
    LifecycleLog,
    decode_event,
)
from psrebind.decode.trees import MAX_CHARACTERS, parse_xml
from psrebind.errors import DecodeError
from psrebind.model import Renewal, Thumbprint

DATA = Path(__file__).parent.parent / "data" / "events"
OLD = Thumbprint("aaaa11c0937a0940d8633fbece475b76a0483301")
NEW = Thumbprint("bbbb22c0937a0940d8633fbece475b76a0483302")
REPLACED = (DATA / "1001-replaced.xml").read_text()
NAMES = ("CN=www.example.com", "www.example.com", "example.com")
USAGES = ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2")


def event(name: str) -> LifecycleEvent:
    """The event of a file of the test data."""
    return decode_event((DATA / name).read_bytes())


def certificate(thumbprint: Thumbprint, year: int) -> EventCertificate:
    """A certificate as the event of the test data describes it."""
    expiry = datetime(year, 2, 1, 17, 18, 9, tzinfo=UTC)
    return EventCertificate(thumbprint, "WebServer", NAMES, USAGES, expiry)


def test_every_field_of_a_replacement() -> None:
    """Each part of a 1001 comes out typed, times in UTC, the action in lower case."""
    assert decode_event(REPLACED) == LifecycleEvent(
        channel=LifecycleLog.SYSTEM,
        record_id=7,
        id=1001,
        time=datetime(2026, 11, 20, 3, 12, 44, 146658, tzinfo=UTC),
        computer="WEB01.example.com",
        action="renew",
        process="taskhostw.exe",
        account="EXAMPLE\\WEB01$",
        context="Machine",
        certificate=None,
        old=certificate(OLD, 2027),
        new=certificate(NEW, 2029),
    )


@pytest.mark.parametrize("number", sorted(MEANINGS))
def test_each_id_has_a_file_and_a_meaning(number: int) -> None:
    """All ten ids decode, and only 1001 is a renewal."""
    (path,) = DATA.glob(f"{number}-*.xml")
    found = decode_event(path.read_bytes())
    assert (found.id, found.meaning, found.notes) == (number, MEANINGS[number], ())
    assert (found.certificate is None) == (number == 1001)
    assert found.renewal == (Renewal(OLD, NEW) if number == 1001 else None)


@pytest.mark.parametrize(
    "name",
    [
        "namespace-prefix.xml",
        "namespace-none.xml",
        "namespace-inner.xml",
        "upper-case-action.xml",
        "wevtutil-utf16-no-mark.txt",
    ],
)
def test_spelling_does_not_matter(name: str) -> None:
    """Namespaces, prefixes, case and encoding change nothing of what an event says."""
    assert event(name) == decode_event(REPLACED)


def test_user_channel() -> None:
    """An event of the User log says so, and so does its context."""
    found = event("user-1001.xml")
    assert (found.channel, found.context, found.action) == (LifecycleLog.USER, "User", "replace")


def test_names_of_another_language_are_kept_and_not_read() -> None:
    """Usages come by object identifier; a template's name may have any letters."""
    old = event("german.xml").old
    assert old is not None
    assert (old.template, old.usages) == ("Webserver für außen", USAGES)


def test_repeated_nodes() -> None:
    """All names are kept; of two certificates in one place the first counts, with a note."""
    found = event("repeated-nodes.xml")
    assert found.old is not None
    assert found.old.names[1:4] == ("a.example", "b.example", "c.example")
    assert found.renewal == Renewal(OLD, NEW)
    assert found.notes == ("NewCertificateDetails stands there 2 times; the first was taken",)


def test_missing_template() -> None:
    """A certificate without a template has none, and nothing is noted."""
    found = event("missing-template.xml")
    assert found.old is not None
    assert (found.old.template, found.notes) == (None, ())


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("missing-thumbprint.xml", ("OldCertificateDetails has no thumbprint",)),
        ("missing-details.xml", ("the event has no details",)),
        ("missing-everything.xml", ("the event has no details", "the time is missing")),
        ("old-is-new.xml", ()),
    ],
)
def test_what_is_no_renewal(name: str, notes: tuple[str, ...]) -> None:
    """A 1001 that does not name two certificates is decoded, but is no renewal."""
    found = event(name)
    assert (found.id, found.renewal, found.notes) == (1001, None, notes)


def test_unknown_values_are_kept() -> None:
    """An unknown id or action is passed on; what cannot be understood is noted, not dropped."""
    assert event("unknown-id.xml").meaning == "unknown event 1042"
    found = event("unknown-values.xml")
    assert (found.action, found.renewal) == ("teleport", None)
    assert found.new is not None
    assert found.new.usages == ("2.5.29.37.0",)
    assert found.notes == (
        "OldCertificateDetails has '12 not hex' for a thumbprint",
        "the NotValidAfter of OldCertificateDetails is 'the day after', which is no time",
        "a usage of NewCertificateDetails has 'any' for an object identifier",
        "the NotValidAfter of NewCertificateDetails is 'the day after', which is no time",
    )


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("", "not well-formed"),
        ("Sign in", "not well-formed"),
        ("<a/>", "not a Windows event: 'a'"),
        ("<Event/>", "without System"),
        (REPLACED[:700], "not well-formed"),
        (REPLACED.replace(">1001<", ">one<"), "no event id"),
        (REPLACED.replace(">1001<", f">{'1' * 30}<"), "no event id"),
        ("<Event><System><EventID>4624</EventID></System></Event>", "another kind"),
        ("<!DOCTYPE a []>" + REPLACED, "document type"),
        (REPLACED.replace("WEB01", "&file;"), "undefined entity"),
        (REPLACED.replace("WEB01", "a" * MAX_CHARACTERS), "larger than 2,000,000"),
        ("<a>" * 65 + "</a>" * 65, "deeper than 64"),
        ("<a>" + "<b/>" * 20_000 + "</a>", "more than 20,000"),
        (b"\xff\xfe\x00\xd8\x00", "not well-formed"),
    ],
)
def test_refusals(xml: str | bytes, reason: str) -> None:
    """What is no lifecycle event is refused by the decoder's own error, in one sentence."""
    with pytest.raises(DecodeError, match=reason) as caught:
        decode_event(xml)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


PARTS = st.sampled_from(
    [
        *("<Event>", "</Event>", "<System>", "</System>", "<EventID>", "</EventID>", "1001"),
        *("<UserData>", "</UserData>", "<CertNotificationData>", "</CertNotificationData>"),
        *("<OldCertificateDetails Thumbprint='1'>", "</OldCertificateDetails>", "<EKU OID=''/>"),
        *(
            "<TimeCreated SystemTime='9999-12-31T23:59:59-23:59'/>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
        ),
        *("<?xml version='1.0' encoding='x'?>", "<!DOCTYPE a>", "&lt;", "&x;", "\ud800", "\0", "<"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(), st.text(), st.lists(PARTS, max_size=30).map("".join)))
def test_the_decoder_raises_only_its_own_error(xml: str | bytes) -> None:
    """Any bytes and any text end as an event or as DecodeError."""
    with suppress(DecodeError):
        assert decode_event(xml).id >= 0


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_event_raises_only_the_own_error(data: st.DataObject) -> None:
    """An event with a piece replaced is decoded or refused, never more."""
    start = data.draw(st.integers(0, len(REPLACED)))
    end = data.draw(st.integers(start, min(len(REPLACED), start + 40)))
    xml = REPLACED[:start] + data.draw(st.text(max_size=8)) + REPLACED[end:]
    with suppress(DecodeError):
        assert decode_event(xml).id >= 0


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# The first and the last moments there are, which no other zone can tell.
EDGES = st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
TIMES = EDGES | st.datetimes(timezones=ZONES).map(str) | st.text("0123456789-:.TZ+ ", max_size=30)


@settings(max_examples=300, deadline=None)
@example("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
@given(TIMES, TIMES)
def test_a_time_is_one_in_utc_or_a_note(time: str, expiry: str) -> None:
    """Whatever stands for a time, the event comes out, and what is none is noted."""
    xml = re.sub(r"SystemTime='[^']*'", f"SystemTime='{time}'", REPLACED)
    xml = re.sub(r"<NotValidAfter>[^<]*<", f"<NotValidAfter>{expiry}<", xml)
    found = decode_event(xml)
    assert (found.id, found.old and found.old.thumbprint) == (1001, OLD)
    assert (found.time is None) == any("the time is" in note for note in found.notes)
    for moment in (found.time, found.old and found.old.not_after):
        assert moment is None or moment.tzinfo is UTC


def test_trees_have_local_names_only() -> None:
    """Prefixes and namespace declarations are gone; an attribute is found like a child."""
    root = parse_xml("<x:a xmlns:x='u' xmlns='v' x:b='1'><c> two </c></x:a>")
    assert (root.name, dict(root.attributes)) == ("a", {"b": "1"})
    assert (root.value("b"), root.value("c"), root.value("d")) == ("1", "two", None)
