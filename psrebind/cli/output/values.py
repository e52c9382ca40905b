"""Values as text: for JSON, for a cell of a table, for CSV.

In JSON a time is ISO 8601 in UTC, a duration its seconds, bytes are base64, an enum its value.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TextIO

from psrebind.model import Thumbprint
from psrebind.phrase import Phrase
from psrebind.text import visible

# A spreadsheet takes a cell that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(value: Any) -> Any:
    """A value as JSON has it; a thumbprint stays one, which is text and which a table shortens."""
    if dataclasses.is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Thumbprint | Phrase):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def write(text: str, stream: TextIO | None = None) -> None:
    """Write to stdout or another stream, and at once."""
    stream = stream or sys.stdout
    stream.write(text)
    stream.flush()


def json_text(value: Any, indent: int | None = None) -> str:
    """A plain value as JSON that a terminal can show."""
    # Hidden characters as JSON's own escapes: the same data, and harmless on a terminal.
    return visible(json.dumps(value, ensure_ascii=False, indent=indent), keep="\n")


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A plain record whose parts have become cells of their own: ``record.store``."""
    cells: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            cells |= flat(value, f"{prefix}{name}.")
        else:
            cells[prefix + name] = value
    return cells


def cell(value: Any) -> str:
    """One value as text for a person: nothing for None, a list with semicolons between."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(visible(one) if isinstance(one, str) else json_text(one) for one in value)
    return visible(str(value))


def header(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of all cells in the order in which they come, without those that have parts."""
    names = list(dict.fromkeys(name for record in records for name in record))
    return [one for one in names if not any(name.startswith(f"{one}.") for name in names)]


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
    """Plain records as CSV, with a head."""
    cells = [flat(record) for record in records]
    names = header(cells)
    title = csv_line({name: name for name in names}, names) if names else ""
    return title + "".join(csv_line(record, names) for record in cells if names)


def csv_line(record: Mapping[str, Any], names: Sequence[str]) -> str:
    """One flat record as a line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(_csv_cell(record.get(name)) for name in names)
    return text.getvalue()


def _csv_cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return "true" if value is True else "false" if value is False else _inert(cell(value))


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
