"""The demo: the real commands against simulated hosts, and what their clients see meanwhile.

This file sets the stage up and clears it away; the story is in ``psrebind.cli.demo``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from psrebind.cli.lab import FOLDER_VARIABLE, Engine, lab_extra, open_lab, run_lab
from psrebind.cli.output.messages import tell
from psrebind.errors import InvalidInput

if TYPE_CHECKING:
    from psrebind.lab.stage.lab import Lab

# Commands whose end is not the one that the demo tells of make it fail.
FAILED = 2


@dataclass(frozen=True, kw_only=True)
class DemoFlags:
    """How the demo is given."""

    pause: Annotated[bool, Option("--pause", help="Wait for Enter between the scenes.")] = False
    record: Annotated[
        Path | None,
        Option(metavar="FILE.svg", dir_okay=False, help="Draw its telling part into a picture."),
    ] = None
    keep: Annotated[bool, Option("--keep", help="Leave the lab's folder for 'lab up'.")] = False


def demo(flags: DemoFlags, engine: Engine = None) -> int:
    """Show renewals on six simulated hosts, with real TLS handshakes before and after."""
    with lab_extra():
        from psrebind.cli.demo.stage import Stage
        from psrebind.cli.demo.story import perform
        from psrebind.lab.stage.scenario import ALL_NAMES
    _check(flags.record)
    folder = Path(tempfile.mkdtemp(prefix="psrebind-demo-"))
    try:
        lab = open_lab(folder, engine, names=ALL_NAMES, network=_network())
        with run_lab(lab), _environment(lab):
            stage = Stage(lab, pause=flags.pause, recording=flags.record is not None)
            perform(stage, kept=flags.keep)
        if flags.record:
            stage.save(flags.record)
    finally:
        if not flags.keep:
            shutil.rmtree(folder)
    for surprise in stage.surprises:
        tell(surprise)
    return FAILED if stage.surprises else 0


def _check(picture: Path | None) -> None:
    if picture is None:
        return
    try:
        # Now, and not after half a minute of demo; what stands there stays until then.
        with picture.open("ab"):
            pass
    except OSError as error:
        raise InvalidInput(f"{picture} cannot be written: {error.strerror or error}") from error


def _network() -> str:
    """The lab's own loopback network, or the next where another lab has it."""
    from psrebind.lab.stage.control import is_free
    from psrebind.lab.stage.scenario import NETWORK

    first, second, third = NETWORK.split(".")
    candidates = [f"{first}.{second}.{int(third) + step}" for step in range(10)]
    # Where none is free the first one's error says what to do.
    return next((one for one in candidates if is_free(f"{one}.11")), NETWORK)


@contextmanager
def _environment(lab: Lab) -> Iterator[None]:
    """The variables that a person would export first, for the length of the demo."""
    wanted = {
        "PSREBIND_PASSWORD": lab.password,
        "PSREBIND_BEFORE_FOLDER": str(lab.folder / "before"),
        FOLDER_VARIABLE: str(lab.folder),
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
