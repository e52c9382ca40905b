"""Which commands there are. Light to import: a command loads what it needs when it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
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

Command = Callable[..., int]
_NAMES = {"help_option_names": ["--help", "-h"]}


def _version(wanted: bool) -> None:
    if wanted:
        echo(f"psrebind {__version__}")
        raise Exit


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


@dataclass(frozen=True)
class _Group:
    """Commands under a word of their own."""

    name: str
    sentence: str
    commands: tuple[Command, ...]
    kind: type[TyperGroup] = TyperGroup


_COMMANDS: tuple[Command, ...] = (
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
_GROUPS = (
    _Group(
        "lab",
        "Run simulated Windows hosts on this machine.",
        (lab.up, lab.status, lab_orders.renew, lab_orders.import_, lab_orders.break_, lab.down),
    ),
    _Group(
        "events",
        "Read certificate lifecycle events: 'events TARGET', or 'events decode FILE...'.",
        (events.show, events.decode),
        _WithDefault,
    ),
    _Group(
        "task",
        "The task on a host that follows renewals.",
        (tasks.status, tasks.enable, tasks.disable),
    ),
)


def application(words: Collection[str]) -> Typer:
    """All commands; one that no word can mean is there by its name and its sentence alone.

    Laying out the options of every command would be most of what a start costs.
    """
    app = Typer(
        name="psrebind",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_NAMES,
    )
    app.callback()(psrebind)
    for command in _COMMANDS:
        _add(app, command, meant=_name(command) in words)
    for group in _GROUPS:
        inner = Typer(no_args_is_help=True, rich_markup_mode=None, cls=group.kind)
        app.add_typer(inner, name=group.name, help=group.sentence)
        for command in group.commands:
            _add(inner, command, meant=group.name in words)
    return app


def _add(place: Typer, command: Command, *, meant: bool) -> None:
    asked = flattened(command) if meant else _not_meant
    place.command(_name(command), help=command.__doc__)(asked)


def _name(command: Command) -> str:
    # Some names are Python's own words.
    return command.__name__.rstrip("_").replace("_", "-")


def _not_meant() -> None:
    raise AssertionError("a command ran whose name is not among the words")
