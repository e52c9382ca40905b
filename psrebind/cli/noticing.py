"""The command notify: say on a host that one certificate replaces another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source, Yes

if TYPE_CHECKING:
    from psrebind.cli.asking import Visit
    from psrebind.cli.notice_lines import Noticed
    from psrebind.cli.rows import Rows

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
    force: Annotated[
        bool, Option("--force", help="Even where a rebind to the new certificate is refused.")
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
    from psrebind.cli.digits import TypedRenewal
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.cli.notice_lines import Noticed
    from psrebind.errors import InvalidInput, NoSuchCertificate
    from psrebind.operations.send_renewal_notice import SendRenewalNotice
    from psrebind.rebind.notice import objections
    from psrebind.rebind.observe import observe

    typed = TypedRenewal.of(old, new)

    def send(visit: Visit) -> Noticed:
        try:
            renewal = typed.on(visit)
        except NoSuchCertificate as error:
            # Unlike a rebind, a notice that is not sent is nothing that was done already.
            raise InvalidInput(str(error)) from error
        with advised(), visit.sending("reading") as sending:
            observation = observe(visit.session, sending=sending, needs_services=False)
        against = objections(observation, renewal)
        if against and not saying.force:
            return Noticed(against)
        visit.require_time()
        notice = SendRenewalNotice(old=renewal.old, new=renewal.new, link=saying.link)
        (body,) = visit.ask([notice]).bodies
        with advised():
            return Noticed(against, notice.row(body))

    return on_hosts(
        Asked(target, connection, saying, saying.format),
        send,
        _present,
        consent=Consent("raise event 1001 on", saying.yes),
    )


def _present(found: Noticed, rows: Rows) -> int:
    from psrebind.cli.messages import tell
    from psrebind.cli.notice_lines import notice_lines, notice_row, objection_words

    host, row = rows.host, found.row
    rows.show(notice_lines(found), short=notice_row)
    if row is None:
        tell(f"{host}: no event was raised, since its tasks would ask nothing; --force insists")
        return NEEDS_PERSON
    for one in found.against:
        tell(f"{host}: in spite of {objection_words(one)}")
    if {row.old_store.casefold(), row.new_store.casefold()} != {"my"}:
        tell(f"{host}: the old certificate is in {row.old_store}, the new one in {row.new_store}")
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
