"""The commands that let something happen on a host of the running lab: renew, import, break."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from psrebind.cli.lab import Folder, tell_engine
from psrebind.cli.options import Output
from psrebind.errors import InvalidInput

LabHost = Annotated[str, Argument(metavar="HOST", help="Name of one of the lab's hosts.")]
Names = Annotated[
    list[str] | None,
    Option(
        "--name", metavar="NAME", help="A name of the new certificate; those of the old if none."
    ),
]


def renew(
    host: LabHost,
    old: Annotated[str, Option(metavar="THUMBPRINT", help="The certificate to renew.")],
    output: Output,
    name: Names = None,
    folder: Folder = None,
) -> int:
    """Renew a certificate as autoenrollment does: 1006, 1001 and 1005, and what they start."""
    from psrebind.model import Thumbprint
    from psrebind.thumbprints import first_digits

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
    from psrebind.model import Thumbprint
    from psrebind.thumbprints import first_digits

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
    from psrebind.cli.messages import tell
    from psrebind.cli.output import show
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
    from psrebind.cli.output import show

    show([row], output.format)
    return 0
