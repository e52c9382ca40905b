"""The XPath that asks an event log for some of its events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from psrebind.operations.get_lifecycle_event import event_query

EAST = timezone(timedelta(hours=2))


def test_times_have_all_their_digits() -> None:
    """A time of the first millennium and one without a fraction are times for Windows too."""
    query = event_query(
        since=datetime(999, 1, 2, tzinfo=UTC), until=datetime(2026, 3, 4, 1, tzinfo=EAST)
    )
    assert query == (
        "*[System[TimeCreated[@SystemTime>='0999-01-02T00:00:00.000Z'] and "
        "TimeCreated[@SystemTime<='2026-03-03T23:00:00.000Z']]]"
    )
