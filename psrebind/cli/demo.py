"""The demo: the real commands against simulated hosts, and what their clients see meanwhile.

It types commands as a person would and runs them as the process would. Knows the lab, and no
more of psrebind than its command line and the handshake.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.lab import Engine, made, on_the_air

if TYPE_CHECKING:
    from psrebind.lab.runtime import Lab
    from psrebind.lab.scenario import Swap
    from psrebind.rebind.handshake import Endpoint

# Commands whose end is not the one that the demo tells of make it fail.
FAILED = 2
_REFUSED = 3


def demo(
    engine: Engine = None,
    keep: Annotated[bool, Option("--keep", help="Leave the lab's folder for 'lab up'.")] = False,
) -> int:
    """Show a rebind on three simulated hosts, with real TLS handshakes before and after."""
    from psrebind.cli.messages import tell

    folder = Path(tempfile.mkdtemp(prefix="psrebind-demo-"))
    try:
        lab = made(folder, engine)
        with on_the_air(lab), _environment(lab):
            surprises = _performed(lab)
    finally:
        if not keep:
            shutil.rmtree(folder)
    if keep:
        tell(f"the lab is kept: psrebind lab up --folder {folder}")
    for surprise in surprises:
        tell(surprise)
    return FAILED if surprises else 0


@contextmanager
def _environment(lab: Lab) -> Iterator[None]:
    """The variables that a person would export first, for the length of the demo."""
    wanted = {
        "PSREBIND_PASSWORD": lab.password,
        "PSREBIND_BEFORE_FOLDER": str(lab.folder / "before"),
    }
    kept = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _performed(lab: Lab) -> list[str]:
    from psrebind.lab.runtime import NO_POWERSHELL

    first, second, third = lab.scenario.summary[:3]
    stage = _Stage(lab)
    stage.say(f"Engine: PowerShell at {lab.engine}" if lab.engine else f"Note: {NO_POWERSHELL}.")
    stage.say("\nA host with four HTTPS bindings, and a renewed certificate that is not bound yet:")
    stage.type("bindings", first)
    stage.look(first)
    stage.say("\nWhat would be done? The new certificate lacks a name, so one binding stays:")
    stage.rebind(first, "--dry-run", expected=_REFUSED)
    stage.say("\nThe same without --dry-run; exit status 3 says that a person is needed:")
    stage.rebind(first, "--yes", expected=_REFUSED)
    stage.look(first)
    stage.say("\nA second time there is nothing left to do:")
    stage.rebind(first, expected=_REFUSED)
    stage.say("\nA German Windows: two sites on one ip:port, and the store WebHosting:")
    stage.rebind(second, "--yes")
    stage.say("\nAn old Windows that can only delete and add records, by its own appcmd:")
    stage.rebind(third, "--method", "appcmd", "--yes")
    stage.look(third)
    return stage.surprises


class _Stage:
    """Where the demo plays: prints what a person would type, runs it, and notes surprises."""

    def __init__(self, lab: Lab):
        self._lab = lab
        self.surprises: list[str] = []

    def say(self, text: str) -> None:
        """Print a line of the story."""
        from psrebind.cli.output import write

        write(f"{text}\n")

    def rebind(self, swap: Swap, *options: str, expected: int = 0) -> None:
        """Rebind one host."""
        certificates = ("--old", swap.old, "--new", swap.new)
        self.type("rebind", swap, *certificates, *options, expected=expected)

    def type(self, command: str, swap: Swap, *options: str, expected: int = 0) -> None:
        """Run one command on one host."""
        from psrebind.cli import main

        address = self._lab.scenario.addresses[swap.host]
        words = [command, address, "--user", self._lab.user, *options]
        self.say(f"\n$ psrebind {' '.join(words)}")
        status = main(words)
        self.say(f"[exit status {status}]")
        if status != expected:
            text = f"'{command} {address}' ended with {status}, and {expected} was to come"
            self.surprises.append(text)

    def look(self, swap: Swap) -> None:
        """Show what a client of the host is served: handshakes of the demo's own."""
        from psrebind.cli.messages import visible
        from psrebind.rebind.handshake import handshakes

        names = {swap.old: "the old certificate", swap.new: "the new certificate"}
        places = _places(self._lab, swap.host)
        self.say("\nAs a client sees it:")
        for place, found in zip(places, handshakes(places), strict=True):
            other = f"another one: {found.thumbprint}" if found.thumbprint else found.error
            served = names.get(found.thumbprint or "", other)
            target = f"{place.address}:{place.port}"
            self.say(f"  {target:<20} {place.server_name or '':<24} {visible(str(served))}")


def _places(lab: Lab, host: str) -> Sequence[Endpoint]:
    from psrebind.decode.names import a_label
    from psrebind.model import BindingInfo
    from psrebind.rebind.handshake import Endpoint

    informations = [
        BindingInfo(binding.information)
        for site in lab.scenario.hosts[host].state.sites
        for binding in site.bindings
        if binding.protocol == "https"
    ]
    return [
        Endpoint(
            lab.scenario.addresses[host] if one.ip == "*" else one.ip,
            one.port,
            a_label(one.host) or None,
        )
        for one in informations
    ]
