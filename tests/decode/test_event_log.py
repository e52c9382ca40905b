"""Logs in .evtx form, read by the library of the extra psrebind[evtx]."""

from __future__ import annotations

from contextlib import suppress

import pytest
from decode.evtx_log import evtx
from decode.hostile import DATA, EVENT
from hypothesis import given, settings
from hypothesis import strategies as st

from psrebind.decode.event_files import read_events
from psrebind.decode.events import decode_event
from psrebind.errors import DecodeError

pytest.importorskip("evtx", reason="needs the extra psrebind[evtx]")

ARCHIVED = (DATA / "1005-archived.xml").read_text()
OTHER = "<Event><System><EventID>4624</EventID></System></Event>"
LOG = evtx(EVENT, OTHER, ARCHIVED)


def test_a_log_says_what_the_xml_says() -> None:
    """The events of a log are those that were written, and others are counted."""
    file = read_events(LOG, "log.evtx")
    assert file.events == (decode_event(EVENT), decode_event(ARCHIVED))
    assert (file.unreadable, file.others) == ((), 1)


def test_a_broken_record_does_not_take_the_others() -> None:
    """A record that cannot be read is named by its number, and the next one is read."""
    place = LOG.index("Level".encode("utf-16-le")) - 12
    file = read_events(LOG[:place] + b"\x77" + LOG[place + 1 :], "log.evtx")
    assert [event.id for event in file.events] == [1005]
    (error,) = file.unreadable
    assert str(error).startswith("log.evtx, record 1: cannot be read as .evtx: ")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(8, 8000), st.integers(0, 255), max_size=20))
def test_a_damaged_log_raises_only_the_own_error(damage: dict[int, int]) -> None:
    """A log with any bytes changed is read or refused, never more."""
    content = bytearray(LOG)
    for place, value in damage.items():
        content[place] = value
    with suppress(DecodeError):
        assert read_events(bytes(content)).name == "input"
