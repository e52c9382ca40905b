"""The commands that look at hosts and change nothing: hosts, bindings, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from psrebind.cli.options import Connection, Output, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psrebind.cli.asking import Visit
    from psrebind.cli.listing import BindingLine
    from psrebind.cli.rows import Rows
    from psrebind.model import Certificate, UnreadableCertificate
    from psrebind.operations.get_host import Host
    from psrebind.problems import ProblemKind

Target = Annotated[
    str, Argument(metavar="TARGET", help="Hosts by name, address, glob or group; all; localhost.")
]


def hosts(target: Target, connection: Connection, source: Source, output: Output) -> int:
    """Show what hosts are, and what they lack for psrebind."""
    from psrebind.cli.asking import advised
    from psrebind.cli.listing import host_row
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.operations.get_host import GetHost

    question = GetHost()

    def read(visit: Visit) -> Host:
        reply = visit.ask([question])
        with advised():
            return question.host(reply, reply.bodies[0])

    def present(found: Host, rows: Rows) -> int:
        rows.show([found], short=None if rows.alone else host_row)
        return 0

    return on_hosts(Asked(target, connection, source, output.format), read, present)


def bindings(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    sort: Annotated[
        bool, Option("--sort", help="The worst first: by problem, then by days left.")
    ] = False,
) -> int:
    """List the HTTPS bindings of the hosts' IIS sites, their certificates and what is odd."""
    from psrebind.cli.appearance import Word
    from psrebind.cli.guarded import unwritten
    from psrebind.cli.listing import binding_row, row_badness, wide_binding_row, worst_first
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.cli.messages import tell
    from psrebind.cli.problem_words import explained

    kinds: set[ProblemKind] = set()

    def present(lines: Sequence[BindingLine], rows: Rows) -> int:
        kinds.update(kind for line in lines for kind in line.kinds)
        rows.show(
            worst_first(lines) if sort else lines,
            short=wide_binding_row if output.wide else binding_row,
        )
        if not lines and rows.form == "table":
            tell(f"{rows.host}: no HTTPS binding")
        return 0

    asked = Asked(target, connection, source, output.format, order=row_badness if sort else None)
    status = on_hosts(asked, _bindings, present)
    if output.format == "table" and not unwritten():
        for kind, meaning in explained(kinds, target):
            tell(Word(kind), f": {meaning}")
    return status


def certificates(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    store: Annotated[
        list[str] | None, Option(metavar="NAME", help="Store to read; My and WebHosting if none.")
    ] = None,
) -> int:
    """List the certificates of the hosts' machine stores, archived ones included."""
    from psrebind.cli.asking import advised
    from psrebind.cli.listing import certificate_row
    from psrebind.cli.many import Asked, on_hosts
    from psrebind.cli.messages import tell
    from psrebind.operations.get_certificate import STORES, GetCertificate

    question = GetCertificate(stores=tuple(store or STORES))

    def read(visit: Visit) -> Sequence[Certificate | UnreadableCertificate]:
        reply = visit.ask([question])
        with advised():
            return question.result(reply.bodies[0])

    def present(found: Sequence[Certificate | UnreadableCertificate], rows: Rows) -> int:
        rows.show(found, short=certificate_row)
        if without := _empty(question.stores, found, named=bool(store)):
            tell(f"{rows.host}: no certificate in {', '.join(without)}")
        return 0

    return on_hosts(Asked(target, connection, source, output.format), read, present)


def _empty(
    stores: Sequence[str], found: Sequence[Certificate | UnreadableCertificate], *, named: bool
) -> list[str]:
    """The stores to say of that nothing is in them; one that nobody named may well be empty."""
    full = {one.store.casefold() for one in found}
    without = [name for name in stores if name.casefold() not in full]
    return without if named or not found else []


def _bindings(visit: Visit) -> Sequence[BindingLine]:
    """A host's bindings beside their certificates; without those they say less."""
    from psrebind.cli.asking import advised
    from psrebind.cli.listing import Stored, binding_lines
    from psrebind.errors import HostError
    from psrebind.operations.get_certificate import GetCertificate
    from psrebind.operations.get_iis_binding import GetIisBinding

    bound, question = GetIisBinding(), GetCertificate()
    reply = visit.ask([bound, question])
    stored: Stored | None = None
    try:
        stored = Stored(question.result(reply.bodies[1]), question.stores, reply.clock)
    except HostError as error:
        visit.say(f"the certificates could not be read: {error}")
    with advised():
        return binding_lines(bound.bindings(reply.bodies[0]), stored)
