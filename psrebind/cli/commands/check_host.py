"""The command check-host: ask a real Windows what the lab only assumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from psrebind import check_host as checks
from psrebind.cli.consent import DECLINED, Consent, ask_consent
from psrebind.cli.fleet_options import read_fleet
from psrebind.cli.options import Connection, Source, Yes
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import show
from psrebind.errors import InvalidInput
from psrebind.lab.windows.assumptions import Assumptions

_FAILED = 2


@dataclass(frozen=True, kw_only=True)
class CheckFlags:
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
    flags: CheckFlags,
    connection: Connection,
) -> int:
    """Ask a Windows what the lab only assumes, and write a report of it."""
    if connection.timeout is not None:
        raise InvalidInput("a check has no --timeout: it always cleans up to the end")
    chosen = read_fleet(target, connection, Source())
    hosts = chosen.fleet.hosts
    if len(hosts) != 1:
        raise InvalidInput(f"{target} names {len(hosts)} hosts: a check is of one")
    consent = Consent("make a site, change and remove it on", flags.yes)
    if flags.changes and ask_consent(consent, chosen.fleet) is None:
        return DECLINED
    check = checks.HostCheck(
        name=target,
        address=hosts[0].address,
        open_session=hosts[0].session,
        questions=checks.questions_of(Assumptions()),
        on_step=tell,
        changes=flags.changes,
        port=flags.check_port,
        rounds=flags.rounds,
    )
    report = check.run()
    files = checks.write(report, flags.folder)
    show(checks.table(report), "table")
    tell(checks.summary(report))
    tell(f"written: {files[0]} and {files[1]}")
    tell(checks.SEND)
    return _FAILED if report.failed else 0
