"""The command notify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind import rebind as rebinds
from psrebind.cli.consent import Consent
from psrebind.cli.options import Connection, Output, Source, Target, Yes
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import Rows
from psrebind.cli.output.task import notice_row
from psrebind.cli.run import Request, run_on_hosts

if TYPE_CHECKING:
    from psrebind.rebind.notice import NoticeReport


@dataclass(frozen=True, kw_only=True)
class NotifyFlags(Source, Output):
    """What is said of the two certificates."""

    link: Annotated[
        bool,
        Option(
            "--link",
            help="Also set the renewal link in the store: Windows may then serve the new "
            "certificate wherever the old one is bound, whatever the configuration says.",
        ),
    ] = False
    force: Annotated[
        bool, Option("--force", help="Even where a rebind to the new certificate is refused.")
    ] = False
    yes: Yes = False


def notify(
    target: Target,
    old: Annotated[str, Option(metavar="THUMBPRINT", help="The certificate that was replaced.")],
    new: Annotated[str, Option(metavar="THUMBPRINT", help="The one in its place.")],
    flags: NotifyFlags,
    connection: Connection,
) -> int:
    """Raise event 1001 as a renewal does, so that the host's own tasks rebind."""
    rebinds.TypedRenewal.of(old, new)
    return run_on_hosts(
        Request(target, connection, flags, flags.format),
        lambda fleet: fleet.notify(old, new, link=flags.link, force=flags.force),
        _present,
        consent=Consent("raise event 1001 on", flags.yes),
    )


def _present(report: NoticeReport, rows: Rows) -> int:
    rows.show(report.lines, short=notice_row)
    for sentence in report.sentences:
        tell(f"{rows.host}: {sentence}")
    return report.exit_status
