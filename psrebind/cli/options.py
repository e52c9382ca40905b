"""The options and arguments that many commands share; frozen dataclasses have the options.

A command takes ``connection: Connection`` as one parameter; ``spread_fields`` lays its fields out
for typer, so that they may stand after the command, where people type them, and no function has
twenty parameters.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Argument, Option

from psrebind.cli.output.appearance import Appearance, Color, use_appearance
from psrebind.operations import names

Format = Literal["table", "json", "jsonl", "csv"]
# Said again rather than imported: the session's module costs --help a fifth of its time. A test
# holds both equal.
Authentication = Literal["negotiate", "kerberos", "ntlm", "credssp", "basic", "certificate"]
PASSWORD_VARIABLE = "PSREBIND_PASSWORD"
Yes = Annotated[bool, Option("--yes", "-y", help="Do not ask before a change.")]
Target = Annotated[
    str, Argument(metavar="TARGET", help="Hosts by name, address, glob or group; all; localhost.")
]
Since = Annotated[
    str | None,
    Option(metavar="TIME", help="Not before 90m, 12h, 2d, 3w ago, or an ISO 8601 time."),
]


def _complete_operation(incomplete: str) -> list[str]:
    return [name for name in names() if name.startswith(incomplete)]


OperationName = Annotated[
    str,
    Argument(
        metavar="OPERATION",
        autocompletion=_complete_operation,
        help="As 'psrebind operations' lists.",
    ),
]
Parameters = Annotated[
    list[str] | None,
    Argument(metavar="[NAME=VALUE]...", help="Its parameters; a secret as NAME=env:VARIABLE."),
]


@dataclass(frozen=True, kw_only=True)
class Output:
    """How rows are printed."""

    format: Annotated[Format, Option("--format", "-f", help="How to print rows.")] = "table"
    wide: Annotated[
        bool, Option("--wide", help="Whole thumbprints in tables, and every detail.")
    ] = False
    color: Annotated[
        Color, Option(help="Colour: on a terminal without NO_COLOR, always, or never.")
    ] = "auto"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where templates come from."""

    templates: Annotated[
        Path | None,
        Option(metavar="DIR", file_okay=False, exists=True, help="Look here for templates first."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class BeforeFolder(Source, Output):
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
class Connection:
    """Which hosts, how to reach them, and as whom; None is what nobody typed.

    A password is never an option: every process sees those.
    """

    inventory: Annotated[
        Path | None,
        Option(
            "--inventory",
            "-i",
            metavar="FILE",
            envvar="PSREBIND_INVENTORY",
            help="Inventory of hosts and groups; - is stdin.",
        ),
    ] = None
    limit: Annotated[
        list[str] | None, Option(metavar="HOSTS", help="Only those of TARGET's; may be repeated.")
    ] = None
    exclude: Annotated[
        list[str] | None, Option(metavar="HOSTS", help="Not these; may be repeated.")
    ] = None
    hosts_file: Annotated[
        Path | None, Option(metavar="FILE", help="Only those of TARGET's that this file names.")
    ] = None
    forks: Annotated[int, Option(min=1, metavar="N", help="At most so many hosts at a time.")] = 20
    fail_fast: Annotated[
        bool, Option("--fail-fast", help="Start no new host after one that failed or was lost.")
    ] = False
    host_timeout: Annotated[
        float, Option(min=0.1, metavar="SECONDS", help="End each host after this.")
    ] = 600.0
    user: Annotated[str | None, Option("--user", "-u", metavar="NAME", help="Log on as.")] = None
    password_env: Annotated[
        str, Option(metavar="VARIABLE", help="Environment variable that has the password.")
    ] = PASSWORD_VARIABLE
    keyring: Annotated[
        bool, Option("--keyring", help="Take the password from the system's keyring.")
    ] = False
    auth: Annotated[
        Authentication | None, Option(help="Way to log on.", show_default="negotiate")
    ] = None
    address: Annotated[
        str | None, Option(metavar="ADDRESS", help="Connect there instead of to TARGET's address.")
    ] = None
    port: Annotated[
        int | None, Option(min=1, max=65535, help="5985, or 5986 with --ssl.", show_default=False)
    ] = None
    ssl: Annotated[bool | None, Option("--ssl", help="Use HTTPS.")] = None
    ca_file: Annotated[
        Path | None, Option(metavar="FILE", help="Trust these authorities (with --ssl).")
    ] = None
    pin: Annotated[
        str | None, Option(metavar="HASH", help="Trust only this certificate (with --ssl).")
    ] = None
    client_certificate: Annotated[
        Path | None, Option(metavar="FILE", help="PEM file for --auth certificate.")
    ] = None
    client_key: Annotated[Path | None, Option(metavar="FILE", help="PEM file of its key.")] = None
    allow_basic_without_tls: Annotated[
        bool | None,
        Option("--allow-basic-without-tls", help="Let --auth basic send the password in clear."),
    ] = None
    configuration_name: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Session configuration on the host.",
            show_default="Microsoft.PowerShell",
        ),
    ] = None
    proxy: Annotated[
        str | None, Option(metavar="URL", help="HTTP proxy, or 'environment'; else none is used.")
    ] = None
    connect_timeout: Annotated[
        int | None,
        Option(min=1, metavar="SECONDS", help="Wait so long for a connection.", show_default="30"),
    ] = None
    reply_limit: Annotated[
        int | None,
        Option(min=1, metavar="MB", help="Read at most so much of a reply.", show_default="64"),
    ] = None
    timeout: Annotated[
        float | None, Option(min=0.1, metavar="SECONDS", help="End the whole command after this.")
    ] = None
    verbose: Annotated[
        bool, Option("--verbose", "-v", help="Show the host's verbose messages.")
    ] = False


def spread_fields(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command as typer sees it: each parameter that is a dataclass stands as its fields."""
    parameters = inspect.signature(command, eval_str=True).parameters
    groups = {
        name: parameter.annotation
        for name, parameter in parameters.items()
        if dataclasses.is_dataclass(parameter.annotation)
    }

    @functools.wraps(command)
    def laid_out(**values: Any) -> Any:
        filled = {name: _taken(group, values) for name, group in groups.items()}
        looks = (one for one in filled.values() if isinstance(one, Output))
        wanted = next((Appearance(one.color, one.wide) for one in looks), Appearance())
        with use_appearance(wanted):
            return command(**values, **filled)

    own = [parameter for name, parameter in parameters.items() if name not in groups]
    shared = [field for group in groups.values() for field in _fields(group)]
    keyword_only = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *shared)
    ]
    signature = inspect.Signature(keyword_only, return_annotation=int)
    laid_out.__signature__ = signature  # type: ignore[attr-defined]
    return laid_out


def _fields(group: Any) -> list[inspect.Parameter]:
    hints = typing.get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            item.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=item.default,
            annotation=hints[item.name],
        )
        for item in dataclasses.fields(group)
    ]


def _taken(group: Any, values: dict[str, Any]) -> Any:
    return group(**{item.name: values.pop(item.name) for item in dataclasses.fields(group)})
