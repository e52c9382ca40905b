"""Which commands there are. Light to import: a command loads what it needs when it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from typer import Exit, Option, Typer, echo
from typer.core import TyperGroup

from psrebind import __version__
from psrebind.cli import (
    demo,
    events,
    lab,
    lab_orders,
    looking,
    noticing,
    operating,
    rebinding,
    replaying,
    tasks,
)
from psrebind.cli.options import flattened

_NAMES = {"help_option_names": ["--help", "-h"]}

app = Typer(
    name="psrebind",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_NAMES,
)
laboratory = Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(laboratory, name="lab", help="Run simulated Windows hosts on this machine.")


def _version(wanted: bool) -> None:
    if wanted:
        echo(f"psrebind {__version__}")
        raise Exit


@app.callback()
def psrebind(
    version: Annotated[
        bool, Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Replace renewed certificates on Windows hosts, and check them by TLS handshake.

    Exit status: 0 done or nothing to do, 2 failed on a host, 3 refused and needs a person,
    4 host not reached or credential refused, 5 wrong input and nothing was sent,
    6 outcome unknown, 130 interrupted, 1 a bug in psrebind.
    """


class _WithDefault(TyperGroup):
    """A group whose command 'show' may be left out: what names no command is its target."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in front where none is given; typer hides its context's class."""
        if args and args[0] not in (*self.commands, *_NAMES["help_option_names"]):
            args = ["show", *args]
        return super().parse_args(ctx, args)


happenings = Typer(no_args_is_help=True, rich_markup_mode=None, cls=_WithDefault)
app.add_typer(
    happenings,
    name="events",
    help="Read certificate lifecycle events: 'events TARGET', or 'events decode FILE...'.",
)
tasking = Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(tasking, name="task", help="The task on a host that follows renewals.")

_COMMANDS: tuple[Callable[..., int], ...] = (
    looking.hosts,
    looking.bindings,
    looking.certificates,
    rebinding.rebind,
    replaying.replay,
    noticing.notify,
    operating.operations,
    operating.render,
    operating.invoke,
    demo.demo,
)
_LAB_COMMANDS: tuple[Callable[..., int], ...] = (
    lab.up,
    lab.status,
    lab_orders.renew,
    lab_orders.import_,
    lab_orders.break_,
    lab.down,
)

_GROUPS: dict[Typer, tuple[Callable[..., int], ...]] = {
    happenings: (events.show, events.decode),
    tasking: (tasks.status, tasks.enable, tasks.disable),
}

for _command in _COMMANDS:
    app.command()(flattened(_command))
for _command in _LAB_COMMANDS:
    # Some names are Python's own words.
    laboratory.command(_command.__name__.rstrip("_"))(flattened(_command))
for _group, _commands in _GROUPS.items():
    for _command in _commands:
        _group.command()(flattened(_command))
