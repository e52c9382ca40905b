"""The commands of the lab: up, status, down. The lab itself is in ``psrebind.lab``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from psrebind.cli.options import Output
from psrebind.errors import InvalidInput

if TYPE_CHECKING:
    from psrebind.lab.runtime import Lab

Folder = Annotated[
    Path | None, Option(metavar="DIR", file_okay=False, help="The lab's folder; yours if none.")
]
Engine = Annotated[
    Literal["pwsh", "model"] | None,
    Option(help="Real PowerShell, or a model without; pwsh where there is one."),
]
EXTRA = ("aiohttp", "psrpcore", "spnego")


def up(output: Output, folder: Folder = None, engine: Engine = None) -> int:
    """Start the simulated hosts in the background; make them first where there are none."""
    from psrebind.cli.messages import tell
    from psrebind.cli.output import show
    from psrebind.lab import control

    place = folder or control.default_folder()
    lab = made(place, engine)
    if not control.is_running(place):
        control.start(place, model=lab.engine is None)
    show(control.order(place, "status"), output.format)
    for line in _introduction(lab):
        tell(line)
    return 0


def status(output: Output, folder: Folder = None) -> int:
    """List the hosts of the running lab."""
    from psrebind.cli.output import show
    from psrebind.lab import control

    show(control.order(folder or control.default_folder(), "status"), output.format)
    return 0


def down(folder: Folder = None) -> int:
    """Stop the lab; what its hosts hold stays in the folder."""
    from psrebind.cli.messages import tell
    from psrebind.lab import control

    place = folder or control.default_folder()
    control.stop(place)
    tell(f"the lab in {place} is stopped; its hosts keep their state")
    return 0


def made(place: Path, engine: str | None) -> Lab:
    """The lab of a folder, new where there is none; InvalidInput where it cannot run."""
    try:
        from psrebind.lab.runtime import NO_POWERSHELL, Lab, find_engine
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise InvalidInput("the lab needs its extra: pip install 'psrebind[lab]'") from error
    program = None if engine == "model" else find_engine()
    if engine == "pwsh" and program is None:
        raise InvalidInput(NO_POWERSHELL)
    exists = (place / "password").is_file()
    return Lab.open(place, program) if exists else Lab.create(place, program)


@contextmanager
def on_the_air(lab: Lab) -> Iterator[None]:
    """Run a lab in this process; InvalidInput where it cannot listen."""
    with ExitStack() as stack:
        try:
            stack.enter_context(lab.running())
        except OSError as error:
            raise InvalidInput(
                f"the lab cannot listen on its addresses ({error.strerror or error}): "
                "stop another lab with 'psrebind lab down'; macOS needs each address first, "
                "as 'sudo ifconfig lo0 alias 127.0.20.11'"
            ) from error
        yield


def _introduction(lab: Lab) -> list[str]:
    from psrebind.lab.runtime import NO_POWERSHELL

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
