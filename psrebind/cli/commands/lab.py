"""The commands on the lab; the lab itself is in ``psrebind.lab``, an optional extra."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from psrebind.cli import output as outputs
from psrebind.cli.lab import Engine, Folder, open_lab, tell_engine
from psrebind.cli.options import Output
from psrebind.cli.output.messages import tell
from psrebind.cli.output.rows import show
from psrebind.cli.output.values import write
from psrebind.errors import InvalidInput
from psrebind.model import Thumbprint
from psrebind.thumbprints import first_digits

if TYPE_CHECKING:
    from psrebind.lab.stage.lab import Lab
    from psrebind.lab.stage.options import ArmedFault, Assumed

_MOST_HOSTS = 100
_OCTETS = 256
_NETWORK_PARTS = 3
LabHost = Annotated[str, Argument(metavar="HOST", help="Name of one of the lab's hosts.")]
Names = Annotated[
    list[str] | None,
    Option(
        "--name", metavar="NAME", help="A name of the new certificate; those of the old if none."
    ),
]


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
    from psrebind.lab.stage import control

    place = folder or control.default_folder()
    if wishes.model and engine == "pwsh":
        raise InvalidInput("--model and --engine pwsh exclude each other")
    assumed = _assumed(wishes)
    names, network = _names(wishes.hosts), _network(wishes.network)
    lab = open_lab(place, "model" if wishes.model else engine, names=names, network=network)
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
    from psrebind.lab.stage import control

    place = folder or control.default_folder()
    tell_engine(place)
    rows = [
        {**row, **control.order(place, "overview", host=row["host"])}
        for row in control.order(place, "status")
    ]
    if output.format == "table":
        write("\n".join(outputs.draw_host(row) for row in rows))
    else:
        show(rows, output.format)
    return 0


def down(folder: Folder = None) -> int:
    """Stop the lab; what its hosts hold stays in the folder."""
    from psrebind.lab.stage import control

    place = folder or control.default_folder()
    control.stop(place)
    tell(f"the lab in {place} is stopped; its hosts keep their state")
    return 0


def renew(
    host: LabHost,
    old: Annotated[str, Option(metavar="THUMBPRINT", help="The certificate to renew.")],
    output: Output,
    name: Names = None,
    folder: Folder = None,
) -> int:
    """Renew a certificate as autoenrollment does: 1006, 1001 and 1005, and what they start."""
    done = _ordered(folder, "renew", host=host, old=first_digits(old), names=name)
    return _shown(
        {"host": host, "old": Thumbprint(done["old"]), "new": Thumbprint(done["new"])}, output
    )


def import_(
    host: LabHost,
    output: Output,
    like: Annotated[
        str | None,
        Option(metavar="THUMBPRINT", help="Take its names and stores; the most bound if none."),
    ] = None,
    name: Names = None,
    folder: Folder = None,
) -> int:
    """Import a new certificate as an ACME client does: 1006 alone, so that no task starts."""
    wanted = None if like is None else first_digits(like)
    done = _ordered(folder, "import", host=host, like=wanted, names=name)
    return _shown(
        {"host": host, "like": Thumbprint(done["like"]), "new": Thumbprint(done["new"])}, output
    )


def break_(
    output: Output,
    host: Annotated[
        str | None, Argument(metavar="HOST", help="Name of one of the lab's hosts.")
    ] = None,
    name: Annotated[
        str | None, Argument(metavar="NAME", help="What shall break, as --list names it.")
    ] = None,
    list_: Annotated[bool, Option("--list", help="List what can break.")] = False,
    folder: Folder = None,
) -> int:
    """Break one thing on a host, as people and other programs do."""
    from psrebind.lab.stage.breakage import breaks

    known = breaks()
    if list_:
        rows = [{"name": one, "meaning": sentence} for one, sentence in known.items()]
        show(rows, output.format)
        return 0
    if host is None or name is None:
        raise InvalidInput("name a host and what shall break; 'psrebind lab break --list' lists it")
    _ordered(folder, "break", host=host, name=name)
    tell(f"{host}: {known[name]}")
    return 0


def _ordered(folder: Path | None, order: str, **arguments: Any) -> Any:
    from psrebind.lab.stage import control

    place = folder or control.default_folder()
    done = control.order(place, order, **arguments)
    # After it: an order that is refused has its one sentence.
    tell_engine(place)
    return done


def _shown(row: dict[str, Any], output: Output) -> int:
    show([row], output.format)
    return 0


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
