"""Which commands there are; the module of one is imported when its name is typed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

from typer import Exit, Option, Typer, echo
from typer.core import TyperGroup

from psrebind import __version__
from psrebind.cli.options import spread_fields

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


@dataclass(frozen=True)
class _Entry:
    """A command, or a group of them: its line in the help, short enough for 80 columns.

    ``commands`` are those of a group, each with its line; ``module`` is the file that has them.
    """

    name: str
    line: str
    module: str = ""
    sentence: str = ""
    commands: dict[str, str] | None = None
    kind: type[TyperGroup] = _Whole

    def load(self, name: str) -> Callable[..., int]:
        """The function of a command, its options laid out for typer; imports its module."""
        module = import_module(f"psrebind.cli.commands.{self.module or self.name}")
        # Some names are Python's own words.
        word = name.replace("-", "_")
        function = getattr(module, word, None) or getattr(module, f"{word}_")
        return spread_fields(function)


# In the order of their use.
_HELP = {
    "Look": (
        _Entry("hosts", "Show what hosts are, and what they lack for psrebind"),
        _Entry("bindings", "List HTTPS bindings, their certificates and what is odd"),
        _Entry("certificates", "List the machine's certificates, archived ones included"),
        _Entry(
            "events",
            "List lifecycle events of hosts, or decode files of them",
            sentence=(
                "Read certificate lifecycle events: 'events TARGET', or 'events decode FILE...'."
            ),
            commands={
                "show": "List the events of hosts; 'show' may be left out",
                "decode": "Decode events from files: XML, .evtx, JSON of SIEM tools",
            },
            kind=_WithDefault,
        ),
        _Entry(
            "check-host",
            "Ask a Windows what the lab only assumes, and write a report",
            module="check_host",
        ),
    ),
    "Change": (
        _Entry("replay", "Find renewals still to be followed, and rebind them"),
        _Entry("rebind", "Replace one certificate on the IIS bindings that have it"),
        _Entry("notify", "Raise event 1001, so that the hosts' own tasks rebind"),
        _Entry(
            "task",
            "Show, register or remove the task that follows renewals",
            sentence="The task on a host that follows renewals.",
            commands={
                "status": "Show the task, its log, and what became of each renewal",
                "enable": "Register the task, and turn its log on",
                "disable": "Take the task away",
            },
        ),
    ),
    "Scripts": (
        _Entry("operations", "List the operations, with kind and parameters"),
        _Entry("render", "Print an operation's script, to read, sign or run by hand"),
        _Entry("invoke", "Run one operation on hosts and print its rows"),
    ),
    "Lab": (
        _Entry("demo", "Show renewals on simulated hosts, with real TLS handshakes"),
        _Entry(
            "lab",
            "Run simulated Windows hosts on this machine",
            sentence="Run simulated Windows hosts on this machine.",
            commands={
                "up": "Start the simulated hosts in the background",
                "status": "Draw hosts, bindings, certificates, tasks and events",
                "renew": "Renew a certificate as autoenrollment does",
                "import": "Import a new certificate as an ACME client does",
                "break": "Break one thing on a host",
                "down": "Stop the lab; what its hosts hold stays in the folder",
            },
        ),
    ),
}
_HEADINGS = {one.name: heading for heading, entries in _HELP.items() for one in entries}


def application(words: Collection[str]) -> Typer:
    """All commands; one that no word can mean is there by its name and its line alone.

    To import every command and lay out its options would be most of what a start costs.
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
    for entry in (one for entries in _HELP.values() for one in entries):
        meant = entry.name in words
        if entry.commands is None:
            _add(app, entry, entry.name, entry.line, meant=meant)
            continue
        group = Typer(no_args_is_help=True, rich_markup_mode=None, cls=entry.kind)
        app.add_typer(group, name=entry.name, help=entry.sentence, short_help=entry.line)
        for name, line in entry.commands.items():
            _add(group, entry, name, line, meant=meant)
    return app


def _add(group: Typer, entry: _Entry, name: str, line: str, *, meant: bool) -> None:
    command = entry.load(name) if meant else _not_meant
    group.command(name, help=command.__doc__, short_help=line)(command)


def _not_meant() -> None:
    raise AssertionError("a command ran whose name is not among the words")
