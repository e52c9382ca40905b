"""The command check-host: ask a real Windows what the lab only assumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from psrebind.cli.options import Connection, Yes

FAILED = 2


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """What a check may do on the host, and where its report goes."""

    changes: Annotated[
        bool, Option("--changes", help="Make a site, try what queries cannot tell, remove it.")
    ] = False
    check_port: Annotated[
        int | None,
        Option(min=1, max=65534, help="Port of that site, and the next one: reached from here."),
    ] = None
    rounds: Annotated[int, Option(min=1, max=100, help="Changes per look for a gap.")] = 6
    folder: Annotated[Path, Option(metavar="DIR", help="Where the report goes.")] = Path()
    yes: Yes = False


def check_host(
    target: Annotated[str, Argument(metavar="HOST", help="One host, by name or address.")],
    options: CheckOptions,
    connection: Connection,
) -> int:
    """Ask a Windows what the lab only assumes, and write a report of it."""
    from psrebind.check_host.check import HostCheck
    from psrebind.check_host.questions import questions_of
    from psrebind.check_host.report import SEND, summary, table, write
    from psrebind.cli import opening
    from psrebind.cli.consent import Consent, granted
    from psrebind.cli.many import DECLINED
    from psrebind.cli.messages import tell
    from psrebind.cli.output import show
    from psrebind.errors import InvalidInput
    from psrebind.lab.assumptions import Assumptions

    if connection.timeout is not None:
        raise InvalidInput("a check has no --timeout: it always cleans up to the end")
    chosen = opening.chosen(target, connection)
    hosts = chosen.fleet.hosts
    if len(hosts) != 1:
        raise InvalidInput(f"{target} names {len(hosts)} hosts: a check is of one")
    consent = Consent("make a site, change and remove it on", options.yes)
    if options.changes and granted(consent, chosen) is None:
        return DECLINED
    check = HostCheck(
        name=target,
        address=hosts[0].address,
        open_session=hosts[0].session,
        questions=questions_of(Assumptions()),
        on_step=tell,
        changes=options.changes,
        port=options.check_port,
        rounds=options.rounds,
    )
    report = check.run()
    files = write(report, options.folder)
    show(table(report), "table")
    tell(summary(report))
    tell(f"written: {files[0]} and {files[1]}")
    tell(SEND)
    return FAILED if report.failed else 0
