"""An old certificate that no host has: a digit was typed wrong, and nothing is done about it."""

from __future__ import annotations

from psrebind.cli.messages import tell
from psrebind.errors import InvalidInput
from psrebind.rebind.outcome import exit_status
from psrebind.rebind.run import Prepared
from psrebind.rebind.search import Search


def looked_for(search: Search, prepared: Prepared) -> Prepared:
    """Note whether one of many hosts has the old certificate."""
    # A step may be to put a record back that an earlier change left without a certificate.
    done = bool(prepared.plan.done or prepared.plan.steps)
    search.look(prepared.host, prepared.observation, prepared.renewal.old, done=done)
    return prepared


def require_old(prepared: Prepared) -> None:
    """Raise InvalidInput where the only host does not have the old certificate."""
    search = Search()
    looked_for(search, prepared)
    if complaint := search.complaint:
        raise InvalidInput(complaint)


def judged(search: Search, status: int) -> int:
    """The exit status of a run: wrong input, too, where no host has the old certificate."""
    if complaint := search.complaint:
        tell(complaint)
        return exit_status([status, InvalidInput.exit_status])
    return status
