"""The commands on lifecycle events: of hosts, and of files without one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from psrebind import decode as decoders
from psrebind import operations as known
from psrebind.cli.options import Connection, Output, Since, Source, Target
from psrebind.cli.output.event import EventLine, event_row
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import Rows
from psrebind.cli.output.rows import show as show_rows
from psrebind.cli.run import Request, run_on_hosts
from psrebind.cli.times import parse_time
from psrebind.errors import DecodeError
from psrebind.rebind.outcome import Outcome
from psrebind.thumbprints import first_digits

if TYPE_CHECKING:
    from psrebind.decode.event_files import EventFile
    from psrebind.rebind.events import EventReport

_NEEDS_PERSON = Outcome.REFUSED.exit_status


@dataclass(frozen=True, kw_only=True)
class EventFlags(Source, Output):
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


def show(target: Target, flags: EventFlags, connection: Connection) -> int:
    """List the certificate lifecycle events of hosts; 'show' may be left out."""
    since = parse_time(flags.since)
    question = known.GetLifecycleEvent.of(
        channel=flags.channel,
        newest=flags.newest,
        ids=flags.id or (),
        since=since,
        until=parse_time(flags.until),
        digits=first_digits(flags.thumbprint) if flags.thumbprint else None,
        record=flags.record,
    )

    def present(found: EventReport, rows: Rows) -> int:
        for sentence in found.reach(since):
            tell(f"{rows.host}: {sentence}")
        lines = [EventLine.of(rows.host, event) for event in found.readable]
        rows.show(lines, short=event_row)
        for sentence in (*found.cut(flags.newest), *found.unreadable):
            tell(f"{rows.host}: {sentence}")
        if flags.record is not None and not found.events:
            tell(f"{rows.host}: no event in reach has the record number {flags.record}")
            return _NEEDS_PERSON
        return _NEEDS_PERSON if found.unreadable else 0

    request = Request(target, connection, flags, flags.format)
    return run_on_hosts(request, lambda fleet: fleet.events(question, flags.thumbprint), present)


def decode(
    files: Annotated[list[Path], Argument(metavar="FILE...", help="Exports; - is stdin.")],
    output: Output,
) -> int:
    """Decode events from files: XML, wevtutil, Get-WinEvent, .evtx, JSON of SIEM tools."""
    status = 0
    lines = []
    for path in files:
        try:
            file = _read(path)
        except DecodeError as error:
            tell(str(error))
            status = error.exit_status
            continue
        lines += [EventLine.of(file.name, event) for event in file.events]
        for problem in file.unreadable:
            tell(str(problem))
        status = status or (_NEEDS_PERSON if file.unreadable else 0)
        if file.others:
            tell(f"{file.name}: {file.others} other events were passed over")
    show_rows(lines, output.format, short=event_row)
    return status


def _read(path: Path) -> EventFile:
    if str(path) == "-":
        return decoders.read_events(sys.stdin.buffer.read(decoders.MAX_BYTES + 1), "stdin")
    return decoders.read_events(path)
