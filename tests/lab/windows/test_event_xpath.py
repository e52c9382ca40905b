"""The XPath of the event log: what it takes, refuses, and does not simulate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from psrebind.lab.windows import event_xpath
from psrebind.lab.windows.event_values import InvalidXPath, TooComplex, Unsupported

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EVENT = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<EventID>1001</EventID><Level>4</Level>"
    "<TimeCreated SystemTime='2026-01-01T23:00:00.0000000Z'/>"
    "<EventRecordID>7</EventRecordID></System><UserData><CertNotificationData Context='Machine'>"
    "<Action>Renew</Action><OldCertificateDetails Thumbprint='aa'/></CertNotificationData>"
    "</UserData></Event>"
)
OLD = "UserData[CertNotificationData[OldCertificateDetails[@Thumbprint='{}']]]"


def matches(xpath: str, *, limit: int = 22) -> bool:
    """Tell whether the event above matches."""
    return event_xpath.compile_xpath(xpath, limit=limit)(event_xpath.parse_event(EVENT), NOW)


@pytest.mark.parametrize(
    ("xpath", "expected"),
    [
        ("*", True),
        ("*[System[EventID=1001]]", True),
        ("*[System[EventID=1006]]", False),
        ("*[System[EventID=1006 or EventID=1001]]", True),
        ("*[System[(EventID=1006 or EventID=1001) and Level=3]]", False),
        ("*[System[EventID=1006 and Level=3 or EventID=1001]]", True),
        ("*[System[EventID>=1001 and EventID<1002 and EventID!=1000]]", True),
        ("Event[System[EventRecordID>7]]", False),
        ("Event[System[EventRecordID>6]]", True),
        ("Event/System/EventID=1001", True),
        ("*[System/EventID=1001]", True),
        ("*[System[EventID=0x3E9]]", True),
        ("*[System[TimeCreated[timediff(@SystemTime) <= 3600000]]]", True),
        ("*[System[TimeCreated[timediff(@SystemTime) <= 3599999]]]", False),
        ("*[System[TimeCreated[@SystemTime>='2026-01-01T23:00:00Z']]]", True),
        ("*[System[TimeCreated[@SystemTime>'2026-01-01T23:00:00.000Z']]]", False),
        (f"*[System[EventID=1001]] and *[{OLD.format('aa')}]", True),
        (f"*[System[EventID=1001]] and *[{OLD.format('bb')}]", False),
        (f"*[{OLD.format('aa')} and System[EventID=1001]]".replace("'", '"'), True),
        ("*[UserData/CertNotificationData/@Context='Machine']", True),
        ("*[UserData/CertNotificationData/NewCertificateDetails]", False),
        ("*[UserData[CertNotificationData[Action='Renew']]]", True),
        ("*[System[EventID='1001']]", True),
        ("*[System[Action=1]]", False),
        ("Other[System]", False),
    ],
)
def test_xpath_matches(xpath: str, expected: bool) -> None:
    """What the event log's XPath takes finds exactly what it says."""
    assert matches(xpath) is expected


@pytest.mark.parametrize(
    ("xpath", "named"),
    [
        ("*[System[band(Keywords,1)]]", "function band()"),
        ("*[System[EventID[position()=1]]]", "function position()"),
        ("*[starts-with(System,'x')]", "function starts-with()"),
        ("*[not(System)]", "function not()"),
        ("//EventID", "absolute path //"),
        ("/Event", "absolute path /"),
        ("*[System//EventID=1]", "operator //"),
        ("*[System[EventID=1]] | *", "operator |"),
        ("*[System/..]", "step .."),
        ("*[System[@*]]", "step @*"),
        ("*[System[1]]", "position [1]"),
        ("*[System[Level > 'a']]", "order of texts"),
        ("*[System[child::EventID=1]]", "operator ::"),
        ("*[System[timediff(@a,@b) < 3]]", "two arguments"),
    ],
)
def test_xpath_beyond_the_model_is_unsupported(xpath: str, named: str) -> None:
    """A construct that the lab does not model is refused by its name."""
    with pytest.raises(Unsupported) as caught:
        matches(xpath)
    assert named in str(caught.value)


NONSENSE = (
    "",
    "*[",
    "*[]",
    "*]",
    "#",
    "=1",
    "*[a='b]",
    "*[System[EventID=1001]",
    "*[System[EventID=]]",
    "*[System[EventID 1001]]",
    "*[System[EventID=1 or]]",
    "*[System[EventID=Level]]",
    "*[System[TimeCreated[@SystemTime>='x']]]",
    "*[timediff(@a) < 'x']",
)


@pytest.mark.parametrize("xpath", NONSENSE)
def test_xpath_nonsense_is_invalid(xpath: str) -> None:
    """What the event log refuses is refused here, and not for being unmodelled."""
    with pytest.raises(InvalidXPath) as caught:
        matches(xpath)
    assert not isinstance(caught.value, Unsupported)


def test_xpath_has_a_limit() -> None:
    """More comparisons than the limit are too complex; as many are not."""
    terms = ["EventID=1001"] * 3
    assert matches(f"*[System[{' and '.join(terms)}]]", limit=3)
    with pytest.raises(TooComplex):
        matches(f"*[System[{' and '.join(terms)}]]", limit=2)
    with pytest.raises(TooComplex):
        matches("(" * 2000)
