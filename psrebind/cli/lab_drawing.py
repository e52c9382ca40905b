"""One host of the lab drawn for a person. Pure: the lab's overview in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psrebind.cli.messages import visible

Row = Mapping[str, Any]
_SHORT = 8
_SHOWN_NAMES = 2


def drawn(host: Row) -> str:
    """A host: its bindings, rebind task, event channels and newest events."""
    lines = [f"{host['host']}  {host['address']}  {host['windows']}, {host['culture']}"]
    lines += _columns([_binding(one) for one in host["bindings"]])
    lines += [_task(one) for one in host["tasks"]] or ["  task      none"]
    for channel in host["channels"]:
        if channel["count"] or not channel["enabled"]:
            lines.append(_channel(channel))
            lines += [_event(one) for one in channel["newest"]]
    return "".join(f"{visible(line)}\n" for line in lines)


def short(thumbprint: str | None) -> str:
    """A thumbprint's first digits."""
    return f"{thumbprint[:_SHORT].upper()}…" if thumbprint else "none"


def _binding(row: Row) -> tuple[str, ...]:
    found = row["certificate"]
    store = row["store"] or ""
    if not found:
        return (row["site"], row["binding"], short(row["thumbprint"]), store, "", "")
    names = found["names"]
    more = len(names) - _SHOWN_NAMES
    marks = [", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")]
    marks += ["archived"] if found["archived"] else []
    marks += [] if found["has_private_key"] else ["no private key"]
    days = f"{found['days_left']} days"
    return (row["site"], row["binding"], short(row["thumbprint"]), store, days, "; ".join(marks))


def _task(row: Row) -> str:
    name = row["name"].rpartition("\\")[2]
    if row["last_run"] is None:
        return f"  task      {name}: {row['state']}, never ran"
    ran = f"last ran {_time(row['last_run'])} with result {row['last_result']}"
    cause = f", for event #{row['last_record']}" if row["last_record"] else ""
    return f"  task      {name}: {row['state']}, {ran}{cause}"


def _channel(row: Row) -> str:
    name = "User" if "-User/" in row["name"] else "System"
    events = "1 event" if row["count"] == 1 else f"{row['count']} events"
    return f"  channel   {name}: {'on' if row['enabled'] else 'off'}, {events}"


def _event(row: Row) -> str:
    certificates = " → ".join(short(one) for one in row["thumbprints"])
    action = f" {row['action']}" if row["action"] else ""
    return f"    #{row['record_id']} {_time(row['time'])} {row['id']}{action} {certificates}"


def _time(moment: str) -> str:
    return moment[:19].replace("T", " ") + " UTC"


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    from rich.cells import cell_len, set_cell_size

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
