"""What a person agrees to before hosts are changed, and that their thinking is not the hosts' time.

Knows fleets and questions; knows no command.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from time import monotonic

from psrebind.cli.messages import agreed, nobody_agrees
from psrebind.cli.opening import Chosen
from psrebind.fleet.fleet import Fleet
from psrebind.sessions.base import Limits

_NAMES = 5


@dataclass(frozen=True)
class Consent:
    """What a person agrees to before hosts are changed: ``enable the task on``."""

    doing: str
    yes: bool


def granted(consent: Consent, chosen: Chosen) -> Chosen | None:
    """Ask before hosts are changed; raise InvalidInput where nobody answers."""
    if consent.yes:
        return chosen
    fleet = chosen.fleet
    limits = after(f"{consent.doing} {named(fleet)}: go ahead?", fleet.limits)
    return replace(chosen, fleet=replace(fleet, limits=limits)) if limits else None


def require_answer(doing: str, *, yes: bool) -> None:
    """Raise InvalidInput, before anything is sent, where a question could not be answered."""
    if not yes and not sys.stdin.isatty():
        raise nobody_agrees(doing)


def after(question: str, limits: Limits) -> Limits | None:
    """The limits, by a person's thinking later; None where they do not agree."""
    began = monotonic()
    return limits.later(monotonic() - began) if agreed(question) else None


def named(fleet: Fleet) -> str:
    """How many hosts, and the first of them by name."""
    names = [host.name for host in fleet.hosts]
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{len(names)} hosts ({', '.join(names[:_NAMES])}{more})"
