"""A rebind whose connection was lost: what must be true of the host, and of doing it again."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cli.command_line import Command
from labs import final_status, is_rebound, rebind_words, shells_left

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.state import HostState

UNREACHABLE, UNKNOWN, INTERRUPTED = 4, 6, 130


@dataclass(frozen=True)
class Loss:
    """A host before a run that was lost, and how that run ended."""

    host: LabHost
    before: HostState
    status: int
    shells: int = 0  # that were open on the host before

    def _again(self, lab: Lab, as_admin: Command) -> int:
        """The status of the same command; the change that was left alone may still run at first."""
        while True:
            ran = as_admin(*rebind_words(lab, self.host))
            if "Another psrebind is changing this host" not in ran.err:
                return ran.status
            time.sleep(0.5)

    def complaint(self, lab: Lab, as_admin: Command, wanted: int) -> str | None:
        """What is wrong with it, and with finishing the work by the same command; or None."""
        changed = self.host.host.state != self.before
        # A change that was lost is left to the host: its shell may stay until it is idle.
        allowed = self.shells + (1 if wanted in (UNKNOWN, INTERRUPTED) else 0)
        left = shells_left(self.host, allowed)
        again = self._again(lab, as_admin)
        ended = (self.status, again) == (wanted, final_status(lab, self.host))
        right = ended and left <= allowed
        untouched = not (changed and self.status == UNREACHABLE)
        if right and untouched and is_rebound(lab, self.host):
            return None
        return (
            f"{self.host.name}: {self.status} instead of {wanted}, {left} shells, "
            f"changed: {changed}, again: {again}"
        )
