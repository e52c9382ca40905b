"""The commands that look at a host and change nothing: hosts, bindings, certificates."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from psrebind.cli.options import Connection, Output, Source

Target = Annotated[str, Argument(metavar="TARGET", help="Host name or address.")]


def hosts(target: Target, connection: Connection, source: Source, output: Output) -> int:
    """Show what a host is, and what it lacks for psrebind."""
    from psrebind.cli.asking import advised, ask
    from psrebind.cli.opening import library
    from psrebind.cli.output import show
    from psrebind.operations.get_host import GetHost

    question = GetHost()
    reply = ask(target, connection, [question], library=library(source))
    with advised():
        found = question.host(reply, reply.bodies[0])
    show([found], output.format)
    return 0


def bindings(target: Target, connection: Connection, source: Source, output: Output) -> int:
    """List the HTTPS bindings of a host's IIS sites, their certificates and what is odd."""
    from psrebind.cli.asking import advised, ask
    from psrebind.cli.listing import binding_lines, binding_row
    from psrebind.cli.messages import tell
    from psrebind.cli.opening import library
    from psrebind.cli.output import show
    from psrebind.errors import HostError
    from psrebind.operations.get_certificate import GetCertificate
    from psrebind.operations.get_iis_binding import GetIisBinding

    bound, stored = GetIisBinding(), GetCertificate()
    reply = ask(target, connection, [bound, stored], library=library(source))
    try:
        certificates = stored.result(reply.bodies[1])
    except HostError as error:
        tell(f"{target}: the certificates could not be read: {error}")
        certificates = []
    with advised():
        lines = binding_lines(bound.bindings(reply.bodies[0]), certificates)
    show(lines, output.format, short=binding_row)
    return 0


def certificates(
    target: Target,
    connection: Connection,
    source: Source,
    output: Output,
    store: Annotated[
        list[str] | None, Option(metavar="NAME", help="Store to read; My and WebHosting if none.")
    ] = None,
) -> int:
    """List the certificates of a host's machine stores, archived ones included."""
    from psrebind.cli.asking import advised, ask
    from psrebind.cli.listing import certificate_row
    from psrebind.cli.opening import library
    from psrebind.cli.output import show
    from psrebind.operations.get_certificate import STORES, GetCertificate

    question = GetCertificate(stores=tuple(store or STORES))
    reply = ask(target, connection, [question], library=library(source))
    with advised():
        found = question.result(reply.bodies[0])
    show(found, output.format, short=certificate_row)
    return 0
