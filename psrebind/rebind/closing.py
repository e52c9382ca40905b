"""What is said once of a rebind on many hosts, when all of them have ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from psrebind.model import Renewal
from psrebind.rebind.before_file import default_folder
from psrebind.rebind.host_plan import HostPlan, HostResult
from psrebind.rebind.search import Search


class RebindSummary:
    """Hears of every host's plan and result."""

    def __init__(self) -> None:
        self._search = Search()
        self._ways: list[Renewal | None] = []

    def add_plan(self, plan: HostPlan) -> None:
        """Note whether the host has the old certificate."""
        for one in plan.plans:
            # A step may be to put a record back that an earlier change left without a certificate.
            done = bool(one.plan.done or one.plan.steps)
            self._search.add(one.host, one.observation, one.renewal.old, done=done)

    def add_result(self, result: HostResult) -> None:
        """Note the way back of a host that was changed."""
        if result.changed:
            (applied,) = result.applied
            # One command goes back everywhere, or none is promised.
            others = applied.prepared.plan.done
            self._ways.append(None if others else applied.reversal)

    @property
    def complaint(self) -> str | None:
        """Why the old certificate was surely typed wrong; None where some host has it."""
        return self._search.complaint

    def sentences(self, before_folder: Path | None) -> Iterator[str]:
        """Where the states before are, and how to go back."""
        if not self._ways:
            return
        yield f"the states before are in {before_folder or default_folder()}"
        back = self._ways[0]
        if back and set(self._ways) == {back}:
            yield f"to go back, run the same command with --old {back.old} --new {back.new}"
