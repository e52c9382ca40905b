"""The command notify: say on a host that one certificate replaces another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from typer import Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source

NEEDS_PERSON = 3
LINKED = (
    "the old certificate has the renewal link now: Windows may serve the new certificate wherever "
    "the old one is bound, whatever the configuration says, and psrebind cannot take it away"
)


@dataclass(frozen=True, kw_only=True)
class Saying(Source, Output):
    """What is said of the two certificates."""

    link: Annotated[
        bool,
        Option(
            "--link",
            help="Also set the renewal link in the store: Windows may then serve the new "
            "certificate wherever the old one is bound, whatever the configuration says.",
        ),
    ] = False


def notify(
    target: Target,
    old: Annotated[str, Option(metavar="THUMBPRINT", help="The certificate that was replaced.")],
    new: Annotated[str, Option(metavar="THUMBPRINT", help="The one in its place.")],
    saying: Saying,
    connection: Connection,
) -> int:
    """Raise event 1001 as a renewal does, so that the host's own tasks rebind."""
    from psrebind.cli.asking import advised, ask
    from psrebind.cli.messages import tell
    from psrebind.cli.opening import library
    from psrebind.cli.output import show
    from psrebind.model import Renewal, Thumbprint
    from psrebind.operations.send_renewal_notice import SendRenewalNotice

    renewal = Renewal(Thumbprint(old), Thumbprint(new))
    notice = SendRenewalNotice(old=renewal.old, new=renewal.new, link=saying.link)
    (body,) = ask(target, connection, [notice], library=library(saying)).bodies
    with advised():
        (row,) = notice.rows(body)
    show([row], saying.format)
    if row.linked:
        tell(f"{target}: {LINKED}")
    if row.record is None:
        tell(f"{target}: the log is off: no event was kept, and no task started. {_enable(target)}")
        return NEEDS_PERSON
    tell(
        f"{target}: event 1001 #{row.record} is in the log; "
        f"what follows from it shows 'psrebind task status {target}'"
    )
    return 0


def _enable(target: str) -> str:
    return f"'psrebind task enable {target}' turns it on"
