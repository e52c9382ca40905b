"""What a person agrees to before hosts are changed; their thinking is not the hosts' time."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from psrebind.cli.output.messages import tell
from psrebind.errors import InvalidInput
from psrebind.text import visible

if TYPE_CHECKING:
    from psrebind.fleet.fleet import Fleet

# As for anything that was found and not done: it needs a person.
DECLINED = 3
_MOST_NAMED = 5


@dataclass(frozen=True)
class Consent:
    """What a person agrees to before hosts are changed: ``enable the task on``."""

    doing: str
    yes: bool


def ask_consent(consent: Consent, fleet: Fleet) -> Fleet | None:
    """Ask before hosts are changed; raise InvalidInput where nobody answers."""
    if consent.yes:
        return fleet
    return ask_person(f"{consent.doing} {name_hosts(fleet)}: go ahead?", fleet)


def ask_person(question: str, fleet: Fleet) -> Fleet | None:
    """The fleet after a person agreed, whose thinking takes none of its time; else None."""
    began = monotonic()
    if not _agrees(question):
        return None
    return replace(fleet, limits=fleet.limits.later(monotonic() - began))


def require_answer(doing: str, *, yes: bool) -> None:
    """Raise InvalidInput, before anything is sent, where a question could not be answered."""
    if not yes and not sys.stdin.isatty():
        raise InvalidInput(f"nobody is there to agree to the change: add --yes ({doing})")


def name_hosts(fleet: Fleet) -> str:
    """How many hosts, and the first of them by name."""
    names = [host.name for host in fleet.hosts]
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{len(names)} hosts ({', '.join(names[:_MOST_NAMED])}{more})"


def _agrees(question: str) -> bool:
    require_answer(question, yes=False)
    try:
        print(f"{visible(question)} [y/N] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        _decline(after="")
        raise
    if answer.strip().lower() in ("y", "yes"):
        return True
    _decline(after=answer)
    return False


def _decline(*, after: str) -> None:
    # Without an Enter, as after Ctrl-C and Ctrl-D, the question is still on the line.
    if not after.endswith("\n"):
        sys.stderr.write("\n")
    tell("nothing was changed")
