"""Points in time as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from psrebind.errors import InvalidInput

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])\Z", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_time(text: str | None, now: datetime | None = None) -> datetime | None:
    """A time as ``2d`` (ago) or in ISO 8601; without a zone it is this machine's own."""
    if text is None:
        return None
    try:
        if ago := _AGO.match(text.strip()):
            return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is no time: write 90m, 12h, 2d or 3w for so long ago, or 2026-01-31T12:00"
        ) from None
