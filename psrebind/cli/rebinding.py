"""The command rebind: prepare, show, ask, apply, show. What is decided is decided in ``rebind``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from psrebind.cli.looking import Target
from psrebind.cli.options import Connection, Output, Source

if TYPE_CHECKING:
    from psrebind.cli.asking import Visit
    from psrebind.cli.digits import TypedRenewal
    from psrebind.rebind.run import Applied, Prepared

# As for anything that was found and not done: it needs a person.
DECLINED = 3


@dataclass(frozen=True, kw_only=True)
class Keeping(Source, Output):
    """Where the state before a change is kept."""

    before_folder: Annotated[
        Path | None,
        Option(
            metavar="DIR",
            envvar="PSREBIND_BEFORE_FOLDER",
            file_okay=False,
            help="Keep the state before here; in your data folder if none.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Manner(Keeping):
    """How a rebind is done."""

    dry_run: Annotated[bool, Option("--dry-run", help="Show the plan and change nothing.")] = False
    yes: Annotated[bool, Option("--yes", "-y", help="Do not ask before the change.")] = False
    method: Annotated[
        Literal["binding", "appcmd"], Option(help="Binding by binding, or as Windows' own task.")
    ] = "binding"


def rebind(
    target: Target,
    old: Annotated[str, Option(metavar="THUMBPRINT", help="The certificate to replace.")],
    new: Annotated[str, Option(metavar="THUMBPRINT", help="The one to put in its place.")],
    connection: Connection,
    manner: Manner,
) -> int:
    """Replace a certificate on the IIS bindings of hosts that have it, and check by handshake."""
    from psrebind.cli.consent import named, require_answer
    from psrebind.cli.digits import TypedRenewal
    from psrebind.cli.many import Asked, alone
    from psrebind.cli.mistyped import require_old
    from psrebind.cli.rebind_report import show_plan, show_result
    from psrebind.cli.rebinding_many import rebind_many

    renewal = TypedRenewal.of(old, new)
    asked = Asked(target, connection, manner, manner.format)
    chosen = asked.hosts()
    require_answer(f"rebind on {named(chosen.fleet)}", yes=manner.yes or manner.dry_run)
    if not chosen.alone:
        return rebind_many(chosen, asked, renewal, manner)
    with alone(chosen.fleet, asked) as visit:
        prepared = planned(visit, renewal, manner)
        require_old(prepared)
        show_plan(prepared, manner.format, dry_run=manner.dry_run)
        if manner.dry_run or not prepared.plan.steps:
            return prepared.exit_status
        agreed = _agreed(visit, prepared, manner)
        if agreed is None:
            return DECLINED
        applied = carried_out(agreed, prepared, manner)
        # Before the session closes: a host that hangs then must not hide what became of it.
        show_result(applied, manner.format)
    return applied.exit_status


def planned(visit: Visit, typed: TypedRenewal, manner: Manner) -> Prepared:
    """Read a host and plan its rebind."""
    from psrebind.rebind.run import Method, prepare

    renewal = typed.on(visit)
    with visit.sending("reading") as sending:
        return prepare(
            visit.session,
            renewal,
            address=visit.address,
            method=Method(manner.method),
            sending=sending,
            folder=manner.before_folder,
        )


def _agreed(visit: Visit, prepared: Prepared, manner: Manner) -> Visit | None:
    """Ask, unless it was said before."""
    from psrebind.cli.messages import count_of

    visit.require_time()
    if manner.yes:
        return visit
    count = len(prepared.plan.changing)
    return asked_about(visit, f"change {count_of(count, 'binding')} of {visit.name}?")


def asked_about(visit: Visit, question: str) -> Visit | None:
    """The visit after a person agreed, whose thinking is not the host's time; or None."""
    from psrebind.cli.consent import after

    # A shell that waits for a person dies of idleness on the host; the next script opens another.
    visit.session.close()
    limits = after(question, visit.limits)
    return replace(visit, limits=limits) if limits else None


def carried_out(visit: Visit, prepared: Prepared, manner: Keeping) -> Applied:
    """Apply a plan, and explain what is known where a person ends it."""
    from psrebind.cli.rebind_report import Stages
    from psrebind.rebind.run import apply

    visit.require_time()
    stages = Stages(visit.name) if visit.alone else None
    try:
        with visit.sending("changing", changes=True) as sending:
            return apply(
                visit.session,
                prepared,
                folder=manner.before_folder,
                sending=sending,
                report=stages.note if stages else None,
            )
    except KeyboardInterrupt:
        if stages:
            stages.explain_interruption()
        raise
