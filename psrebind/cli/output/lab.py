"""One host of the lab drawn for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size

from psrebind.text import visible

Row = Mapping[str, Any]
_SHORT = 8
_SHOWN_NAMES = 2


def draw_host(host: Row) -> str:
    """A host: its bindings, rebind task, event channels and newest events."""
    lines = [f"{host['host']}  {host['address']}  {host['windows']}, {host['culture']}"]
    lines += _columns([_binding(one) for one in host["bindings"]])
    waiting = [one for one in host["certificates"] if not one["bound"] and not one["archived"]]
    lines += [_waiting(one) for one in waiting]
    lines += [_stray(one) for one in host["strays"]]
    lines += [line for one in host["tasks"] for line in _task(one)] or ["  task      none"]
    for channel in host["channels"]:
        if channel["count"] or not channel["enabled"]:
            lines.append(_channel(channel))
            lines += [_event(one) for one in channel["newest"]]
    return "".join(f"{visible(line)}\n" for line in lines)


def shorten(thumbprint: str | None) -> str:
    """A thumbprint's first digits."""
    return f"{thumbprint[:_SHORT].upper()}…" if thumbprint else "none"


def _binding(row: Row) -> tuple[str, ...]:
    found = row["certificate"]
    store = row["store"] or ""
    if not found:
        return (row["site"], row["binding"], shorten(row["thumbprint"]), store, "", "")
    days = f"{found['days_left']} days"
    return (row["site"], row["binding"], shorten(row["thumbprint"]), store, days, _marks(found))


def _marks(certificate: Row) -> str:
    names = certificate["names"]
    more = len(names) - _SHOWN_NAMES
    marks = [", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")]
    marks += ["archived"] if certificate["archived"] else []
    marks += [] if certificate["has_private_key"] else ["no private key"]
    return "; ".join(marks)


def _waiting(row: Row) -> str:
    name = f"{shorten(row['thumbprint'])} in {row['store']}"
    return f"  unbound   {name}, {row['days_left']} days: {_marks(row)}"


def _stray(row: Row) -> str:
    return f"  stray     {row['record']} has {shorten(row['thumbprint'])}, and no site its binding"


def _task(row: Row) -> list[str]:
    name = row["name"].rpartition("\\")[2]
    ran = "never ran"
    if row["last_run"] is not None:
        ran = f"last ran {_time(row['last_run'])} with result {row['last_result']}"
        ran += f", for event #{row['last_record']}" if row["last_record"] else ""
    differences = [f"    edited: {one}" for one in row["differences"]]
    return [f"  task      {name}: {row['state']}, {ran}", *differences]


def _channel(row: Row) -> str:
    name = "User" if "-User/" in row["name"] else "System"
    events = "1 event" if row["count"] == 1 else f"{row['count']} events"
    return f"  channel   {name}: {'on' if row['enabled'] else 'off'}, {events}"


def _event(row: Row) -> str:
    certificates = " → ".join(shorten(one) for one in row["thumbprints"])
    action = f" {row['action']}" if row["action"] else ""
    return f"    #{row['record_id']} {_time(row['time'])} {row['id']}{action} {certificates}"


def _time(moment: str) -> str:
    return moment[:19].replace("T", " ") + " UTC"


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
