"""One operation of one's own choice on one host; of a change, the state before is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psrebind.errors import HostError
from psrebind.operations.base import Change, Operation
from psrebind.operations.runner import ScriptRunner
from psrebind.rebind.before_file import write_reading, write_reading_end
from psrebind.rebind.typed_renewal import complete_digits


@dataclass(frozen=True)
class InvokeResult:
    """The rows of an operation, and why rows that came without an error are failures."""

    rows: Sequence[Any]
    problems: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """The exit status of a host that answered."""
        return HostError.exit_status if self.problems else 0


def invoke(
    runner: ScriptRunner, operation: Operation[Any], before_folder: Path | None = None
) -> InvokeResult:
    """Run one operation; raises what the host met."""
    asked = complete_digits(operation, runner)
    if not isinstance(asked, Change):
        (body,) = runner.run([asked]).bodies
        return InvokeResult(asked.result(body))
    (state,) = runner.run([asked.state()]).bodies
    if state.error:
        raise state.error
    path = write_reading(runner.host, asked, state, folder=before_folder)
    runner.require_time()
    runner.notice(f"the state before is in {path}")
    (body,) = runner.run([asked]).bodies
    rows = asked.result(body)
    write_reading_end(runner.host, asked, state, asked.rows(body), path)
    problems = tuple(problem for row in rows if (problem := asked.problem(row)))
    return InvokeResult(rows, problems)
