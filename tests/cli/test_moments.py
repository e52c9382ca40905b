"""Points in time as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from psrebind.cli.times import parse_time
from psrebind.errors import InvalidInput
from psrebind.phrase import format_time

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        (" 2d ", timedelta(days=2)),
        ("3 w", timedelta(weeks=3)),
    ],
)
def test_so_long_ago(text: str, ago: timedelta) -> None:
    """A number and a unit count back from now."""
    assert parse_time(text, NOW) == NOW - ago


def test_iso() -> None:
    """With a zone it is that instant; without one it is this machine's time."""
    assert parse_time("2026-05-01T10:00:00+02:00") == datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
    assert parse_time("2026-05-01") == datetime(2026, 5, 1).astimezone(UTC)


def test_none() -> None:
    """No time is no limit."""
    assert (parse_time(None), format_time(None)) == (None, "")


@pytest.mark.parametrize("text", ["", "soon", "2x", "d", "-2d", "999999w", "2026-13-01", "\uff12d"])
def test_what_is_no_time(text: str) -> None:
    """Anything else is refused with how to write it."""
    with pytest.raises(InvalidInput, match="is no time: write"):
        parse_time(text, NOW)
