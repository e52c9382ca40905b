"""Event channels, the XML of events, and wevtutil."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lab_hosts import host, issue, run
from lab_tasks import authority, bound_host, events

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.lab.stage import renewals
from psrebind.lab.windows import certificate_events
from psrebind.lab.windows.commands import load_host
from psrebind.lab.windows.event_xml import EventSource
from psrebind.lab.windows.host import Host
from psrebind.lab.windows.host_fault import HostFault
from psrebind.lab.windows.state import Facts, HostState


def written(folder: Path, count: int = 3, **facts: object) -> Host:
    """Return a host with some export events in its log."""
    certificate = replace(issue(folder, ("a.example", "b&c.example")), template="Web <Server>")
    state = HostState(facts=replace(Facts(name="web01"), **facts))  # type: ignore[arg-type]
    where = host(folder, state, certificates=(certificate,))
    for _ in range(count):
        source = EventSource(process="x.exe", account="LAB\\a")
        certificate_events.write(where, certificate_events.exported(certificate, source))
    return where


def test_events_come_newest_first(tmp_path: Path) -> None:
    """A query gives the newest events first, the oldest on request, and no more than asked."""
    where = written(tmp_path)
    assert [one["record_id"] for one in events(where)] == [3, 2, 1]
    assert [one["record_id"] for one in events(where, newest=1)] == [3]
    assert [one["record_id"] for one in events(where, newest=2, oldest=True)] == [1, 2]


def test_events_survive_a_restart(tmp_path: Path) -> None:
    """Events are in the host's folder, and record ids go on after it is loaded."""
    first = written(tmp_path)
    again = load_host(first.folder)
    assert events(again) == events(first)
    source = EventSource(process="x.exe", account="a")
    certificate_events.write(
        again, certificate_events.exported(again.state.certificates[0], source)
    )
    assert events(again, newest=1)[0]["record_id"] == 4


def test_event_has_the_shape_of_windows(tmp_path: Path) -> None:
    """The XML has attributes, Template, SubjectNames, EKUs and NotValidAfter as in the sample."""
    row = events(written(tmp_path, 1, ui_culture="de-DE"))[0]
    name = "{http://schemas.microsoft.com/win/2004/08/events/event}"
    root = ElementTree.fromstring(row["xml"])
    data = root.find(f"{name}UserData/{name}CertNotificationData")
    assert data is not None
    assert data.attrib == {"ProcessName": "x.exe", "AccountName": "LAB\\a", "Context": "Machine"}
    (details,) = data
    assert details.tag == f"{name}CertificateDetails"
    assert len(details.attrib["Thumbprint"]) == 40
    assert details.attrib["Thumbprint"].islower()
    assert [one.tag.removeprefix(name) for one in details] == [
        "Template",
        "SubjectNames",
        "EKUs",
        "NotValidAfter",
    ]
    assert details[0].attrib == {"Name": "Web <Server>"}
    assert [one.text for one in details[1]] == ["CN=a.example", "a.example", "b&c.example"]
    assert details[2][0].attrib == {"Name": "Serverauthentifizierung", "OID": "1.3.6.1.5.5.7.3.1"}
    assert (row["id"], row["level"], row["log"]) == (1007, 4, SYSTEM_CHANNEL)
    assert (details[3].text or "").endswith("Z")


def test_event_without_template_has_no_node(tmp_path: Path) -> None:
    """A certificate without a template has no Template node, and a 1001 has both details."""
    where, certificate = bound_host(tmp_path)
    plain = replace(certificate, template=None)
    source = certificate_events.autoenrollment(where)
    event = certificate_events.replaced(plain, certificate, source=source, action="Renew")
    certificate_events.write(where, event)
    xml = events(where)[0]["xml"]
    assert xml.count("<Template Name=") == 1
    assert 'AccountName="LAB\\WEB01$"' in xml
    order = [xml.index(word) for word in ("<Action>Renew<", "<OldCertificate", "<NewCertificate")]
    assert order == sorted(order)


def test_full_log_rolls_over(tmp_path: Path) -> None:
    """A log at its maximum size loses its oldest events, and record ids go on."""
    where = written(tmp_path, 0)
    small = tuple(replace(one, maximum_size=70000) for one in where.state.channels)
    where.change(lambda state: replace(state, channels=small))
    source = EventSource(process="x" * 20000, account="a")
    for _ in range(9):
        certificate_events.write(
            where, certificate_events.exported(where.state.certificates[0], source)
        )
    found = events(where)
    assert found[0]["record_id"] == 9
    assert 1 <= len(found) < 9
    listed = where.call("eventlog.logs", {})[0]
    assert listed["oldest"] == 10 - len(found)
    assert listed["file_size"] <= listed["maximum_size"]


def test_logs_are_listed(tmp_path: Path) -> None:
    """Both channels are listed; an empty one has no records and no time."""
    system, user = written(tmp_path).call("eventlog.logs", {})
    assert (system["name"], user["name"]) == (SYSTEM_CHANNEL, USER_CHANNEL)
    assert (system["enabled"], system["count"], system["oldest"], system["newest"]) == (
        True,
        3,
        1,
        3,
    )
    assert datetime.fromisoformat(system["oldest_time"]) <= datetime.now(UTC)
    assert (user["count"], user["oldest"], user["oldest_time"]) == (0, None, None)


@pytest.mark.parametrize(
    ("log", "xpath", "error_id", "category"),
    [
        ("Nowhere/Operational", None, "NoMatchingLogsFound", "ObjectNotFound"),
        (SYSTEM_CHANNEL, "*[System[EventID=1]]", "NoMatchingEventsFound", "ObjectNotFound"),
        (USER_CHANNEL, None, "NoMatchingEventsFound", "ObjectNotFound"),
        (SYSTEM_CHANNEL, "*[System[", "EventLogException", "NotSpecified"),
        (SYSTEM_CHANNEL, "*[not(System)]", "NotSimulated", "NotImplemented"),
    ],
)
def test_query_faults(
    tmp_path: Path, log: str, xpath: str | None, error_id: str, category: str
) -> None:
    """What Get-WinEvent does not find or take is its own fault."""
    with pytest.raises(HostFault) as caught:
        written(tmp_path, 1).call("eventlog.query", {"log": log, "xpath": xpath})
    assert error_id in caught.value.error_id
    assert caught.value.category == category


def test_query_goes_by_the_clock_of_the_host(tmp_path: Path) -> None:
    """A clock that is wrong stamps events and measures their age alike."""
    where = written(tmp_path, 1, clock_offset=-7200.0)
    stamped = datetime.fromisoformat(events(where)[0]["time"])
    assert stamped < datetime.now(UTC) - timedelta(hours=1)
    assert events(where, "*[System[TimeCreated[timediff(@SystemTime) <= 600000]]]")


def test_wevtutil_switches_a_channel(tmp_path: Path) -> None:
    """A channel that is off records nothing and can be read; ids go on once it is on."""
    where = written(tmp_path, 2)
    assert run(where, "wevtutil.exe", "sl", SYSTEM_CHANNEL, "/e:false") == (0, "")
    renewals.import_certificate(
        where, authority(tmp_path), like=where.state.certificates[0].thumbprint
    )
    assert [one["record_id"] for one in events(where)] == [2, 1]
    assert where.call("eventlog.logs", {})[0]["enabled"] is False
    assert run(where, "wevtutil.exe", "set-log", SYSTEM_CHANNEL, "/enabled:true")[0] == 0
    source = EventSource(process="x.exe", account="a")
    certificate_events.write(
        where, certificate_events.exported(where.state.certificates[0], source)
    )
    assert [one["record_id"] for one in events(where)] == [3, 2, 1]


def test_wevtutil_queries(tmp_path: Path) -> None:
    """qe gives one event's XML a line, oldest first unless reversed, as many as asked."""
    where = written(tmp_path)
    words = ("qe", SYSTEM_CHANNEL, "/f:xml", "/c:2")
    xmls = [one["xml"] for one in events(where, oldest=True)]
    assert run(where, "wevtutil.exe", *words) == (0, "\n".join(xmls[:2]))
    assert run(where, "wevtutil.exe", *words, "/rd:true") == (0, "\n".join(xmls[:0:-1]))
    query = "/q:*[System[EventRecordID=2]]"
    assert run(where, "wevtutil.exe", *words, query) == (0, xmls[1])


@pytest.mark.parametrize(
    ("elevated", "words", "status"),
    [
        (False, ("sl", SYSTEM_CHANNEL, "/e:true"), 5),
        (True, ("sl", "Nowhere", "/e:true"), 15007),
        (True, ("qe", "Nowhere"), 15007),
        (True, ("qe", SYSTEM_CHANNEL, "/q:*["), 15001),
    ],
)
def test_wevtutil_fails_with_a_status(
    tmp_path: Path, elevated: bool, words: tuple[str, ...], status: int
) -> None:
    """What wevtutil refuses is an exit status and a text, not a fault."""
    assert run(written(tmp_path, 1, elevated=elevated), "wevtutil.exe", *words)[0] == status


def test_wevtutil_beyond_the_model_is_not_simulated(tmp_path: Path) -> None:
    """Other verbs and options fail by name."""
    for words in (("gl", SYSTEM_CHANNEL), ("sl", SYSTEM_CHANNEL, "/ms:5"), ("qe",), ()):
        with pytest.raises(HostFault, match="not simulated"):
            run(written(tmp_path, 0), "wevtutil.exe", *words)
