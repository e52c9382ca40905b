"""Which commands there are. Light to import: a command loads what it needs when it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any

from typer import Exit, Option, Typer, echo
from typer.core import TyperGroup

from psrebind import __version__
from psrebind.cli import (
    check_host,
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


class _Whole(TyperGroup):
    """A group whose help has each command's sentence whole, under a heading where there is one."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands in the order of their use; typer hides its formatter's class."""
        headings: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            heading = _HEADINGS.get(name, "Commands") if ctx.parent is None else "Commands"
            sentence = command.short_help or command.help or ""
            line = name.ljust(max(map(len, self.commands))), sentence.removesuffix(".")
            headings.setdefault(heading, []).append(line)
        for heading, lines in headings.items():
            with formatter.section(heading):
                formatter.write_dl(lines)


class _WithDefault(_Whole):
    """A group whose command 'show' may be left out: what names no command is its target."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in front where none is given; typer hides its context's class."""
        if args and args[0] not in (*self.commands, *_NAMES["help_option_names"]):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@dataclass(frozen=True, eq=False)
class _Group:
    """Commands under a word of their own."""

    name: str
    sentence: str
    commands: dict[Command, str]
    kind: type[TyperGroup] = _Whole


def _name(command: Command) -> str:
    # Some names are Python's own words.
    return command.__name__.rstrip("_").replace("_", "-")


# In the order of their use. Each has the line of it in the help, short enough for 80 columns.
_LOOK: dict[Command | _Group, str] = {
    looking.hosts: "Show what hosts are, and what they lack for psrebind",
    looking.bindings: "List HTTPS bindings, their certificates and what is odd",
    looking.certificates: "List the machine's certificates, archived ones included",
    _Group(
        "events",
        "Read certificate lifecycle events: 'events TARGET', or 'events decode FILE...'.",
        {
            events.show: "List the events of hosts; 'show' may be left out",
            events.decode: "Decode events from files: XML, .evtx, JSON of SIEM tools",
        },
        _WithDefault,
    ): "List lifecycle events of hosts, or decode files of them",
    check_host.check_host: "Ask a Windows what the lab only assumes, and write a report",
}
_CHANGE: dict[Command | _Group, str] = {
    replaying.replay: "Find renewals still to be followed, and rebind them",
    rebinding.rebind: "Replace one certificate on the IIS bindings that have it",
    noticing.notify: "Raise event 1001, so that the hosts' own tasks rebind",
    _Group(
        "task",
        "The task on a host that follows renewals.",
        {
            tasks.status: "Show the task, its log, and what became of each renewal",
            tasks.enable: "Register the task, and turn its log on",
            tasks.disable: "Take the task away",
        },
    ): "Show, register or remove the task that follows renewals",
}
_SCRIPTS: dict[Command | _Group, str] = {
    operating.operations: "List the operations, with kind and parameters",
    operating.render: "Print an operation's script, to read, sign or run by hand",
    operating.invoke: "Run one operation on hosts and print its rows",
}
_LAB: dict[Command | _Group, str] = {
    demo.demo: "Show renewals on simulated hosts, with real TLS handshakes",
    _Group(
        "lab",
        "Run simulated Windows hosts on this machine.",
        {
            lab.up: "Start the simulated hosts in the background",
            lab.status: "Draw hosts, bindings, certificates, tasks and events",
            lab_orders.renew: "Renew a certificate as autoenrollment does",
            lab_orders.import_: "Import a new certificate as an ACME client does",
            lab_orders.break_: "Break one thing on a host",
            lab.down: "Stop the lab; what its hosts hold stays in the folder",
        },
    ): "Run simulated Windows hosts on this machine",
}
_HELP = {"Look": _LOOK, "Change": _CHANGE, "Scripts": _SCRIPTS, "Lab": _LAB}
_HEADINGS = {
    one.name if isinstance(one, _Group) else _name(one): heading
    for heading, commands in _HELP.items()
    for one in commands
}


def application(words: Collection[str]) -> Typer:
    """All commands; one that no word can mean is there by its name and its sentence alone.

    Laying out the options of every command would be most of what a start costs.
    """
    app = Typer(
        name="psrebind",
        no_args_is_help=True,
        rich_markup_mode=None,
        cls=_Whole,
        pretty_exceptions_enable=False,
        context_settings=_NAMES,
    )
    app.callback()(psrebind)
    for one, line in (pair for commands in _HELP.values() for pair in commands.items()):
        if not isinstance(one, _Group):
            _add(app, one, line, meant=_name(one) in words)
            continue
        inner = Typer(no_args_is_help=True, rich_markup_mode=None, cls=one.kind)
        app.add_typer(inner, name=one.name, help=one.sentence, short_help=line)
        for command, sentence in one.commands.items():
            _add(inner, command, sentence, meant=one.name in words)
    return app


def _add(place: Typer, command: Command, line: str, *, meant: bool) -> None:
    asked = flattened(command) if meant else _not_meant
    place.command(_name(command), help=command.__doc__, short_help=line)(asked)


def _not_meant() -> None:
    raise AssertionError("a command ran whose name is not among the words")
