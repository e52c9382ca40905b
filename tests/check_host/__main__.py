"""What `make check-host` runs: queries on one host, changes when asked for, and a report.

The options of connecting are the command line's own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from check_host.binding_probes import probe_bindings
from check_host.event_probes import Evidence, probe_events
from check_host.program_probes import probe_programs
from check_host.questions import Answers
from check_host.reading import Check, Reading, read
from check_host.report import SEND, Report, summary, table, write
from check_host.site import OpenSession, Place, check_site
from typer import Argument, Option, Typer
from typer.main import get_command

from psrebind.cli import concluded, opening
from psrebind.cli.messages import tell
from psrebind.cli.options import Connection, flattened
from psrebind.cli.output import show
from psrebind.errors import InvalidInput, PsrebindError
from psrebind.rebind.handshake import handshake
from psrebind.services.steps import Endpoint

FAILED = 2
# Above what services register, below what systems give out to clients.
FIRST_PORT, LAST_PORT = 47443, 47500


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What may be said of a check beside the host."""

    changes: Annotated[
        bool, Option("--changes", help="Make a site, try what queries cannot tell, remove it.")
    ] = False
    check_port: Annotated[
        int | None,
        Option(min=1, max=65534, help="Port of that site, and the next one: reached from here."),
    ] = None
    rounds: Annotated[int, Option(min=1, max=100, help="Changes per look for a gap.")] = 6
    folder: Annotated[Path, Option(metavar="DIR", help="Where the report goes.")] = Path()


def check_host(
    target: Annotated[str, Argument(metavar="HOST")], connection: Connection, wishes: Wishes
) -> int:
    """Ask a Windows what the lab only assumes, and write a report of it."""
    if connection.timeout is not None:
        raise InvalidInput("a check has no --timeout: it always cleans up to the end")
    hosts = opening.chosen(target, connection).fleet.hosts
    if len(hosts) != 1:
        raise InvalidInput(f"{target} names {len(hosts)} hosts: a check is of one")
    report = checked(target, hosts[0].address, hosts[0].session, wishes)
    files = write(report, wishes.folder)
    show(table(report), "table")
    tell(summary(report))
    tell(f"written: {files[0]} and {files[1]}")
    tell(SEND)
    return FAILED if report.failed else 0


def checked(target: str, address: str, open_session: OpenSession, wishes: Wishes) -> Report:
    """Carry the check out; what the host refuses becomes part of the report."""
    answers, left, evidence = Answers(), list[str](), Evidence()
    with open_session() as session:
        tell(f"asking {target}: queries only")
        reading = read(session, address, answers)
    checks = list(reading.checks)
    if wishes.changes:
        tell(f"trying on a site of its own on {target}; it goes at the end")
        port = wishes.check_port or _free_port(address, reading)
        try:
            place = Place(address, port, open_session)
            evidence = _changed(place, reading, answers, rounds=wishes.rounds, left=left)
        except PsrebindError as error:
            checks.append(Check("the changes of the check", False, str(error)))
    return Report(
        target=target,
        made=datetime.now(UTC),
        changes=wishes.changes,
        host=reading.host,
        checks=tuple(checks),
        answers=answers.all(changes=wishes.changes),
        evidence=evidence,
        left=tuple(left),
    )


def _changed(
    place: Place, reading: Reading, answers: Answers, *, rounds: int, left: list[str]
) -> Evidence:
    try:
        with (
            place.open() as session,
            check_site(place, session, left=left) as site,
            place.open() as second,
        ):
            probe_bindings(site, second, answers, rounds=rounds)
            probe_programs(site, answers, reading)
            return probe_events(site, answers)
    finally:
        # Whatever ended it, Ctrl-C included: what stayed is said.
        for one in left:
            tell(f"left behind, remove it by hand: {one}")


def _free_port(address: str, reading: Reading) -> int:
    bound = (
        {one.information.port for one in reading.bindings.bindings} if reading.bindings else set()
    )
    for port in range(FIRST_PORT, LAST_PORT, 2):
        if not bound & {port, port + 1} and not _answers(address, port):
            return port
    raise InvalidInput(f"no free port from {FIRST_PORT} on: name one with --check-port")


def _answers(address: str, port: int) -> bool:
    return handshake(Endpoint(address, port, None), timeout=1.0).thumbprint is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line to its exit status; without arguments, the process's own."""
    app = Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(flattened(check_host))

    def run() -> int:
        command = get_command(app)
        status = command.main(arguments, prog_name="make check-host", standalone_mode=False)
        return status if isinstance(status, int) else 0

    return concluded(run)


if __name__ == "__main__":
    sys.exit(main())
