"""The commands on lifecycle events: of a host, and of files without one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source
from psrebind.errors import DecodeError

if TYPE_CHECKING:
    from psrebind.cli.asking import Visit
    from psrebind.cli.event_lines import Found
    from psrebind.cli.rows import Rows
    from psrebind.decode.event_files import EventFile
    from psrebind.operations.get_lifecycle_event import (
        GetLifecycleEvent,
    )

NEEDS_PERSON = 3
Since = Annotated[
    str | None,
    Option(metavar="TIME", help="Not before 90m, 12h, 2d, 3w ago, or an ISO 8601 time."),
]


@dataclass(frozen=True, kw_only=True)
class Wanted(Source, Output):
    """Which events are asked for."""

    since: Since = None
    until: Annotated[str | None, Option(metavar="TIME", help="Not after; like --since.")] = None
    id: Annotated[
        list[int] | None, Option("--id", min=1, metavar="N", help="Event id; may be repeated.")
    ] = None
    thumbprint: Annotated[
        str | None, Option(metavar="THUMBPRINT", help="Events that name this certificate.")
    ] = None
    record: Annotated[
        int | None, Option(min=1, metavar="N", help="The event of this record number.")
    ] = None
    newest: Annotated[int, Option(min=1, metavar="N", help="At most so many of each log.")] = 1000
    channel: Annotated[Literal["system", "user", "both"], Option(help="Which log.")] = "system"


def show(target: Target, wanted: Wanted, connection: Connection) -> int:
    """List the certificate lifecycle events of hosts; 'show' may be left out."""
    from psrebind.cli.asking import advised
    from psrebind.cli.event_lines import Found, narrowed
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.thumbprints import first_digits

    # An event's own query cannot ask how a text begins.
    digits = first_digits(wanted.thumbprint) if wanted.thumbprint else None
    question = _question(wanted)

    def read(visit: Visit) -> Found:
        (body,) = visit.ask([question]).bodies
        with advised():
            found = Found(question.rows(body), question.result(body))
        return narrowed(found, digits, visit.name) if digits else found

    def present(found: Found, rows: Rows) -> int:
        return _present(found, rows, wanted)

    return on_hosts(Asked(target, connection, wanted, wanted.format), read, present)


def _present(found: Found, rows: Rows, wanted: Wanted) -> int:
    from psrebind.cli.event_lines import (
        cut_sentences,
        event_line,
        event_row,
        reach_sentence,
        unreadable_sentence,
    )
    from psrebind.cli.messages import tell
    from psrebind.cli.moments import moment
    from psrebind.decode.events import LifecycleEvent

    for log in found.logs:
        tell(f"{rows.host}: {reach_sentence(log, moment(wanted.since))}")
    lines = [event_line(rows.host, one) for one in found.events if isinstance(one, LifecycleEvent)]
    rows.show(lines, short=event_row)
    unreadable = [one.reason for one in found.events if not isinstance(one, LifecycleEvent)]
    told = (*cut_sentences(found.logs, wanted.newest), *map(unreadable_sentence, unreadable))
    for sentence in told:
        tell(f"{rows.host}: {sentence}")
    if wanted.record is not None and not found.events:
        tell(f"{rows.host}: no event in reach has the record number {wanted.record}")
        return NEEDS_PERSON
    return NEEDS_PERSON if unreadable else 0


def decode(
    files: Annotated[list[Path], Argument(metavar="FILE...", help="Exports; - is stdin.")],
    output: Output,
) -> int:
    """Decode events from files: XML, wevtutil, Get-WinEvent, .evtx, JSON of SIEM tools."""
    from psrebind.cli.event_lines import event_line, event_row
    from psrebind.cli.messages import tell
    from psrebind.cli.output import show as show_rows

    status = 0
    lines = []
    for path in files:
        try:
            file = _read(path)
        except DecodeError as error:
            tell(str(error))
            status = error.exit_status
            continue
        lines += [event_line(file.name, event) for event in file.events]
        for problem in file.unreadable:
            tell(str(problem))
        status = status or (NEEDS_PERSON if file.unreadable else 0)
        if file.others:
            tell(f"{file.name}: {file.others} other events were passed over")
    show_rows(lines, output.format, short=event_row)
    return status


def _question(wanted: Wanted) -> GetLifecycleEvent:
    from psrebind.cli.moments import moment
    from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
    from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
    from psrebind.thumbprints import first_digits, whole

    query = event_query(
        ids=wanted.id or (),
        since=moment(wanted.since),
        until=moment(wanted.until),
        thumbprint=whole(first_digits(wanted.thumbprint)) if wanted.thumbprint else None,
        record=wanted.record,
    )
    channels = {"system": (SYSTEM_CHANNEL,), "user": (USER_CHANNEL,)}.get(
        wanted.channel, (SYSTEM_CHANNEL, USER_CHANNEL)
    )
    return GetLifecycleEvent(channels=channels, query=query, newest=wanted.newest)


def _read(path: Path) -> EventFile:
    from psrebind.decode.event_files import MAX_BYTES, read_events

    if str(path) == "-":
        return read_events(sys.stdin.buffer.read(MAX_BYTES + 1), "stdin")
    return read_events(path)
