"""The commands that start, show and stop the lab. The lab itself is in ``psrebind.lab``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from psrebind.cli.options import Output
from psrebind.errors import InvalidInput

if TYPE_CHECKING:
    from psrebind.lab.stage.lab import Lab
    from psrebind.lab.stage.options import ArmedFault, Assumed

FOLDER_VARIABLE = "PSREBIND_LAB_FOLDER"
Folder = Annotated[
    Path | None,
    Option(
        metavar="DIR",
        envvar=FOLDER_VARIABLE,
        file_okay=False,
        help="The lab's folder; yours if none.",
    ),
]
Engine = Annotated[
    Literal["pwsh", "model"] | None,
    Option(help="Real PowerShell, or a model without; pwsh where there is one."),
]
EXTRA = ("aiohttp", "psrpcore", "spnego")
_MOST_HOSTS = 100
_OCTETS = 256
_NETWORK_PARTS = 3


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What may be said of a lab that comes up."""

    hosts: Annotated[
        str | None,
        Option(metavar="N|NAME,…", help="How many hosts, or their names, for a new lab."),
    ] = None
    assume: Annotated[
        list[str] | None,
        Option(metavar="NAME=VALUE", help="Decide one thing that nobody knows of Windows."),
    ] = None
    fault: Annotated[
        list[str] | None,
        Option(metavar="HOST:COMMAND=KIND", help="Let it fail: nothing, fail or slow:SECONDS."),
    ] = None
    network: Annotated[
        str | None,
        Option(metavar="127.A.B", help="Loopback network of a new lab, beside another lab."),
    ] = None
    model: Annotated[bool, Option("--model", help="Short for --engine model.")] = False


def up(output: Output, wishes: Wishes, folder: Folder = None, engine: Engine = None) -> int:
    """Start the simulated hosts in the background; make them first where there are none."""
    from psrebind.cli.messages import tell
    from psrebind.cli.output import show
    from psrebind.lab.stage import control

    place = folder or control.default_folder()
    if wishes.model and engine == "pwsh":
        raise InvalidInput("--model and --engine pwsh exclude each other")
    assumed = _assumed(wishes)
    names, network = _names(wishes.hosts), _network(wishes.network)
    lab = made(place, "model" if wishes.model else engine, names=names, network=network)
    armed = _armed(wishes, lab)
    if not control.is_running(place):
        control.start(place, model=lab.engine is None)
    _give(place, lab, assumed, armed)
    show(control.order(place, "status"), output.format)
    for line in _introduction(lab):
        tell(line)
    return 0


def status(output: Output, folder: Folder = None) -> int:
    """Draw the running lab: hosts, bindings and their certificates, tasks, channels, events."""
    from psrebind.cli.lab_drawing import drawn
    from psrebind.cli.output import show, write
    from psrebind.lab.stage import control

    place = folder or control.default_folder()
    tell_engine(place)
    rows = [
        {**row, **control.order(place, "overview", host=row["host"])}
        for row in control.order(place, "status")
    ]
    if output.format == "table":
        write("\n".join(drawn(row) for row in rows))
    else:
        show(rows, output.format)
    return 0


def tell_engine(place: Path) -> None:
    """Say where no PowerShell runs in the running lab."""
    from psrebind.cli.messages import tell
    from psrebind.lab.stage.control import NO_POWERSHELL, has_engine

    if not has_engine(place):
        tell(NO_POWERSHELL)


def down(folder: Folder = None) -> int:
    """Stop the lab; what its hosts hold stays in the folder."""
    from psrebind.cli.messages import tell
    from psrebind.lab.stage import control

    place = folder or control.default_folder()
    control.stop(place)
    tell(f"the lab in {place} is stopped; its hosts keep their state")
    return 0


@contextmanager
def extra() -> Iterator[None]:
    """Say in one sentence that what is imported here needs the packages of the lab."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise InvalidInput("the lab needs its extra: pip install 'psrebind[lab]'") from error


def made(
    place: Path,
    engine: str | None,
    *,
    names: Sequence[str] | None = None,
    network: str | None = None,
) -> Lab:
    """The lab of a folder, new where there is none; InvalidInput where it cannot run."""
    with extra():
        from psrebind.lab.stage.control import NO_POWERSHELL
        from psrebind.lab.stage.lab import Lab, find_engine
        from psrebind.lab.stage.scenario import NETWORK
    program = None if engine == "model" else find_engine()
    if engine == "pwsh" and program is None:
        raise InvalidInput(NO_POWERSHELL)
    if not (place / "password").is_file():
        return Lab.create(place, program, names=names, network=network or NETWORK)
    lab = Lab.open(place, program)
    others = names and tuple(names) != tuple(lab.scenario.hosts)
    addresses = lab.scenario.addresses.values()
    if others or (network and not all(one.startswith(f"{network}.") for one in addresses)):
        raise InvalidInput(
            f"the lab in {place} has the hosts "
            + ", ".join(f"{name} ({one})" for name, one in lab.scenario.addresses.items())
            + ": --hosts and --network are for a new one, in another --folder"
        )
    return lab


@contextmanager
def on_the_air(lab: Lab) -> Iterator[None]:
    """Run a lab and take its orders in this process; InvalidInput where it cannot listen."""
    from psrebind.lab.stage.control_server import controlled

    running = controlled(lab)
    try:
        running.__enter__()
    except OSError as error:
        raise InvalidInput(
            f"the lab cannot listen on its addresses ({error.strerror or error}): "
            "stop another lab with 'psrebind lab down'; macOS needs each address first, "
            "as 'sudo ifconfig lo0 alias 127.0.20.11'"
        ) from error
    try:
        yield
    finally:
        running.__exit__(None, None, None)


def _names(wanted: str | None) -> tuple[str, ...] | None:
    if wanted is None:
        return None
    if wanted.isdecimal():
        names = tuple(f"web{number:02}" for number in range(1, int(wanted) + 1))
    else:
        names = tuple(one.strip() for one in wanted.split(","))
    fine = all(one.isascii() and one.replace("-", "").isalnum() for one in names)
    if not (fine and len(set(names)) == len(names) and 1 <= len(names) <= _MOST_HOSTS):
        raise InvalidInput(f"--hosts takes a number up to {_MOST_HOSTS} or names, not {wanted!r}")
    return names


def _network(wanted: str | None) -> str | None:
    parts = (wanted or "127.0.0").split(".")
    fine = all(part.isdecimal() and int(part) < _OCTETS for part in parts)
    if not (fine and len(parts) == _NETWORK_PARTS and parts[0] == "127"):
        raise InvalidInput(f"--network takes the first three numbers of 127.…, not {wanted!r}")
    return wanted


def _assumed(wishes: Wishes) -> list[Assumed]:
    from psrebind.lab.stage.options import assumption

    return [assumption(text) for text in wishes.assume or ()]


def _armed(wishes: Wishes, lab: Lab) -> list[ArmedFault]:
    from psrebind.lab.stage.options import fault

    return [fault(text, tuple(lab.scenario.hosts)) for text in wishes.fault or ()]


def _give(place: Path, lab: Lab, assumed: Sequence[Assumed], armed: Sequence[ArmedFault]) -> None:
    from psrebind.lab.stage.control import order

    for host in lab.scenario.hosts:
        for one in assumed:
            order(place, "assume", host=host, name=one.name, value=one.value)
    for arm in armed:
        order(place, "fault", host=arm.host, name=arm.command, value=arm.fault)


def _introduction(lab: Lab) -> list[str]:
    from psrebind.lab.stage.control import NO_POWERSHELL

    password = shlex.quote(str(lab.folder / "password"))
    lines = [] if lab.engine else [NO_POWERSHELL]
    lines += [
        f"the user is {lab.user}; for the password: export PSREBIND_PASSWORD=$(cat {password})"
    ]
    for swap in lab.scenario.summary:
        address = lab.scenario.addresses[swap.host]
        lines += [
            f"{swap.host}: psrebind rebind {address} -u {lab.user} "
            f"--old {swap.old} --new {swap.new}"
        ]
    return lines
