"""What the commands on the lab and the demo have in common: its folder, its engine, its start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from psrebind.cli.output.messages import tell
from psrebind.errors import InvalidInput

if TYPE_CHECKING:
    from psrebind.lab.stage.lab import Lab

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


def tell_engine(place: Path) -> None:
    """Say where no PowerShell runs in the running lab."""
    from psrebind.lab.stage.control import NO_POWERSHELL, has_engine

    if not has_engine(place):
        tell(NO_POWERSHELL)


@contextmanager
def lab_extra() -> Iterator[None]:
    """Say in one sentence that what is imported here needs the packages of the lab."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise InvalidInput("the lab needs its extra: pip install 'psrebind[lab]'") from error


def open_lab(
    place: Path,
    engine: str | None,
    *,
    names: Sequence[str] | None = None,
    network: str | None = None,
) -> Lab:
    """The lab of a folder, new where there is none; InvalidInput where it cannot run."""
    with lab_extra():
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
def run_lab(lab: Lab) -> Iterator[None]:
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
