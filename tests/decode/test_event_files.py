"""Files of events: each format by its content, one broken record alone, hostile files cheaply."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from decode.hostile import DATA, EVENT, HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st

from psrebind.decode.event_files import EventFile, read_events
from psrebind.decode.events import EventCertificate, LifecycleEvent, decode_event
from psrebind.errors import DecodeError

REPLACED = "1001 system renew - AAAA BBBB"
ARCHIVED = "1005 system - CCCC - -"
INSTALLED = "1006 system enroll CCCC - -"

# file -> events, number of other events, what is said of each unreadable record
READ: dict[str, tuple[list[str], int, list[str]]] = {
    "apt-hunter-flat.json": ([REPLACED], 0, []),
    "commented.xml": ([REPLACED], 0, []),
    "document-type.xml": ([], 0, ["record 1: has a document type declaration"]),
    "dotted.json": ([REPLACED], 0, []),
    "elasticsearch.json": ([REPLACED], 1, []),
    "entity.xml": ([], 0, ["record 1: is not well-formed XML: undefined entity"]),
    "event-viewer.xml": ([INSTALLED, REPLACED], 2, []),
    "evtx-dump.json": ([REPLACED, ARCHIVED], 1, []),
    "export-clixml.xml": ([REPLACED], 1, []),
    "get-winevent-objects.json": ([], 1, ["record 1: is an object of Get-WinEvent without"]),
    "get-winevent-strings.json": ([REPLACED], 1, []),
    "inner-event.xml": ([REPLACED, ARCHIVED], 0, []),
    "json-lines.json": ([REPLACED, ARCHIVED], 1, []),
    "json-lines-broken.json": ([REPLACED, ARCHIVED], 0, ["record 2: is not JSON"]),
    "json-list.json": ([REPLACED, ARCHIVED], 1, []),
    "missing-thumbprint.xml": (["1001 system renew - ? BBBB"], 0, []),
    "no-event-id.xml": ([], 0, ["record 1: has no event id"]),
    "one-broken.xml": ([INSTALLED, ARCHIVED], 0, ["record 2: is not well-formed XML"]),
    "only-others.xml": ([], 3, []),
    "page.html": ([], 0, ["record 1: has a document type declaration"]),
    "separate-attributes.json": ([REPLACED], 0, []),
    "splunk-halves.json": ([REPLACED], 0, []),
    "splunk-raw.json": ([REPLACED], 1, []),
    "truncated.xml": ([], 0, ["record 1: is cut off"]),
    "truncated-middle.xml": ([ARCHIVED], 0, ["record 1: is cut off"]),
    "wevtutil.xml": ([INSTALLED, REPLACED, ARCHIVED], 0, []),
    "wevtutil-ansi.xml": ([REPLACED], 0, []),
    "wevtutil-utf16.txt": ([INSTALLED, REPLACED], 0, []),
    "wevtutil-utf16-no-mark.txt": ([REPLACED], 0, []),
    "winlogbeat-bare.json": ([], 0, ["record 1: comes from Winlogbeat without the certificates"]),
    "winlogbeat-nested.json": ([REPLACED], 0, []),
    "winlogbeat-xml.json": ([REPLACED], 0, []),
    "xmltodict.json": ([REPLACED], 0, []),
}
REFUSED = {
    "compressed.xml": "is compressed; unpack it first",
    "empty.xml": "is empty",
    "export-clixml-objects.xml": "is Export-Clixml of objects without the event's data",
    "no-event.json": "has no Windows event in it",
    "table.csv": "is neither XML nor JSON nor an .evtx log",
    "wevtutil-text.txt": "is wevtutil's text, which leaves the event's data out",
}
# The same event as JSON with everything in it that the XML has.
COMPLETE = [
    *("apt-hunter-flat.json", "dotted.json", "evtx-dump.json", "separate-attributes.json"),
    *("json-lines.json", "splunk-halves.json", "xmltodict.json"),
]


def words(event: LifecycleEvent) -> str:
    """An event in short: id, channel, action, and the first digits of its certificates."""

    def digits(part: EventCertificate | None) -> str:
        return "-" if part is None else (part.thumbprint or "?")[:4]

    certificates = map(digits, (event.certificate, event.old, event.new))
    return " ".join([str(event.id), event.channel, event.action or "-", *certificates])


def read(name: str) -> EventFile:
    """A file of the test data."""
    return read_events(DATA / name, name)


@pytest.mark.parametrize("name", READ)
def test_formats(name: str) -> None:
    """Each format gives its events, counts the others, and names the records it cannot read."""
    events, others, unreadable = READ[name]
    file = read(name)
    assert [words(event) for event in file.events] == events
    assert file.others == others
    assert len(file.unreadable) == len(unreadable)
    for error, start in zip(file.unreadable, unreadable, strict=True):
        assert str(error).startswith(f"{name}, {start}")


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    """A file that is no export is refused in one sentence that names it."""
    with pytest.raises(DecodeError) as caught:
        read(name)
    assert str(caught.value).startswith(f"{name}: {REFUSED[name]}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", COMPLETE)
def test_json_says_what_the_xml_says(name: str) -> None:
    """The JSON of each tool decodes to the very event that the XML decodes to."""
    assert read(name).events[0] == decode_event(EVENT)


def test_every_file_is_in_a_table() -> None:
    """No file of the test data is left out."""
    single = {path.name for path in DATA.iterdir()} - READ.keys() - REFUSED.keys()
    for name in single - {"damaged.evtx"}:
        file = read(name)
        assert (len(file.events), file.unreadable, file.others) == (1, (), 0)


@pytest.mark.parametrize("name", ["gone.xml", ""])
def test_a_file_that_cannot_be_opened(tmp_path: Path, name: str) -> None:
    """A missing file and a folder are refused with the system's reason."""
    with pytest.raises(DecodeError, match="cannot be read: "):
        read_events(tmp_path / name)


def test_bytes_are_read_under_a_name() -> None:
    """What comes from a pipe is called by the name given, or input."""
    assert read_events(EVENT.encode(), "pipe").name == "pipe"
    with pytest.raises(DecodeError, match=r"^input: is empty"):
        read_events(b"")


def test_a_log_without_the_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An .evtx log needs an extra, and the sentence says which."""
    monkeypatch.setitem(sys.modules, "evtx", None)
    with pytest.raises(DecodeError, match=r"pip install 'psrebind\[evtx\]'"):
        read("damaged.evtx")


def test_many_values_of_json_are_read_through_the_window() -> None:
    """A list of events far longer than what is decoded at once is read to its end."""
    value = json.loads((DATA / "json-lines.json").read_text().splitlines()[0])
    text = json.dumps([value] * 3000)
    assert len(text) > 4_000_000
    assert len(read_events(text.encode()).events) == 3000


# The high-water mark of the program itself; getrusage would count what it was forked from.
_MEASURED = """
import sys
from itertools import count
from pathlib import Path
from psrebind.decode.event_files import read_events
from psrebind.errors import DecodeError
calls = count()
sys.setprofile(lambda *_: next(calls))
try:
    file = read_events(Path(sys.argv[1]))
    said = str(file.unreadable[-1]) if file.unreadable else f"{len(file.events)} events"
except DecodeError as error:
    said = str(error)
sys.setprofile(None)
peak = [line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line]
print(next(calls), peak[0].split()[1], said, sep="|")
"""


def measured(path: Path) -> tuple[int, int, str]:
    """Calls of functions and their ends, peak memory in kilobytes, and what was said, apart."""
    command = [sys.executable, "-c", _MEASURED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    calls, memory, said = done.stdout.split("|", 2)
    return int(calls), int(memory), said


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is Linux's")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_little(name: str, tmp_path: Path) -> None:
    """No file takes a step for each byte, or 100 MB; each is read or refused as it should be.

    What the steps take is measured in benchmarks/.
    """
    make, reason = HOSTILE[name]
    content = make()
    path = tmp_path / "hostile"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    del content
    calls, memory, said = measured(path)
    assert reason in said if reason else said.strip().endswith(" events")
    assert len(said) < 300
    assert calls < path.stat().st_size + 10_000
    assert memory < 100_000


# JSON may hold half a surrogate pair, which no other text does.
TEXTS = st.text(st.characters(), max_size=6) | st.sampled_from(["\ud800", "a\udfff"])
MOMENTS = st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | MOMENTS
KEYS = st.sampled_from(
    [
        *("Event", "System", "UserData", "CertNotificationData", "EventID", "#attributes", "@Name"),
        *("Event_System_EventID", "Event_System", "Event.System", "winlog", "winlog.user_data"),
        *(
            "provider_name",
            "OldCertificateDetails",
            "EKUs_attributes",
            "EKU_1",
            "",
            "_raw",
            "event",
        ),
        *("Channel", "TimeCreated", "SystemTime", "NotValidAfter", "Thumbprint", "\ud800"),
        *("ProviderName", "Id", "System_Props_Xml", "UserData_Xml", "SubjectNames", "_", "#text"),
    ]
)
VALUES = SCALARS | st.just("lifecycle-system") | st.just("certnotificationdata") | st.just(EVENT)
TREES = st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(),
        st.text().map(lambda text: text.encode("utf-8", "replace")),
        TREES.map(json.dumps).map(str.encode),
    )
)
def test_no_content_raises_anything_else(content: bytes) -> None:
    """Any content, JSON of the known words above all, is read or refused by DecodeError."""
    with suppress(DecodeError):
        assert read_events(content).name == "input"


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS | MOMENTS, min_size=5, max_size=5))
def test_an_event_in_json_may_hold_any_text(texts: list[str]) -> None:
    """Half a surrogate pair, a time that no zone has: the event comes out and can be printed."""
    time, name, template, expiry, account = texts
    details = {
        "Template": {"#attributes": {"Name": template}},
        "SubjectNames": {"SubjectName": [name, name]},
        "NotValidAfter": expiry,
    }
    event = {
        "System": {
            "Channel": "lifecycle-system",
            "EventID": 1006,
            "TimeCreated": {"#attributes": {"SystemTime": time}},
        },
        "UserData": {
            "CertNotificationData": {
                "#attributes": {"AccountName": account},
                "CertificateDetails": details,
            }
        },
    }
    (found,) = read_events(json.dumps({"Event": event}).encode()).events
    assert found.id == 1006
    assert found.certificate is not None
    side = found.certificate
    for text in (found.account, side.template, *side.names, *found.notes):
        assert text is None or text.encode("utf-8")
