"""The command notify: say on a host that one certificate replaces another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source, Yes

if TYPE_CHECKING:
    from psrebind.cli.asking import Visit
    from psrebind.cli.rows import Rows
    from psrebind.operations.send_renewal_notice import RenewalNotice

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
    yes: Yes = False


def notify(
    target: Target,
    old: Annotated[str, Option(metavar="THUMBPRINT", help="The certificate that was replaced.")],
    new: Annotated[str, Option(metavar="THUMBPRINT", help="The one in its place.")],
    saying: Saying,
    connection: Connection,
) -> int:
    """Raise event 1001 as a renewal does, so that the host's own tasks rebind."""
    from psrebind.cli.asking import advised
    from psrebind.cli.consent import Consent
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.model import Renewal, Thumbprint
    from psrebind.operations.send_renewal_notice import SendRenewalNotice

    renewal = Renewal(Thumbprint(old), Thumbprint(new))
    notice = SendRenewalNotice(old=renewal.old, new=renewal.new, link=saying.link)

    def send(visit: Visit) -> RenewalNotice:
        (body,) = visit.ask([notice]).bodies
        with advised():
            return notice.row(body)

    return on_hosts(
        Asked(target, connection, saying, saying.format),
        send,
        _present,
        consent=Consent("raise event 1001 on", saying.yes),
    )


def _short(row: RenewalNotice) -> dict[str, object]:
    from psrebind.cli.task_lines import channel_words

    return {"log": channel_words(row.enabled), "record": row.record, "linked": row.linked}


def _present(row: RenewalNotice, rows: Rows) -> int:
    from psrebind.cli.messages import tell

    host = rows.host
    rows.show([row], short=_short)
    if row.linked:
        tell(f"{host}: {LINKED}")
    if row.record is None:
        tell(
            f"{host}: the log is off: no event was kept, and no task started. "
            f"'psrebind task enable {host}' turns it on"
        )
        return NEEDS_PERSON
    tell(
        f"{host}: event 1001 #{row.record} is in the log; "
        f"what follows from it shows 'psrebind task status {host}'"
    )
    return 0
