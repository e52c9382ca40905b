"""Outcomes and the exit status of several."""

from __future__ import annotations

import pytest

from psrebind.errors import (
    AuthenticationError,
    ConnectError,
    PsrebindError,
    ScriptError,
    SessionLost,
)
from psrebind.rebind.outcome import Outcome, exit_status, outcome_of_error


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 3], 3),
        ([3, 4], 4),
        ([3, 4, 2], 2),
        ([2, 6, 4], 6),
        ([6, 130, 2], 130),
    ],
)
def test_the_worst_counts(statuses: list[int], wanted: int) -> None:
    """Of several statuses the one that matters most is given."""
    assert exit_status(statuses) == wanted


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (ConnectError("a", "b"), Outcome.UNREACHABLE),
        (AuthenticationError("a", "b"), Outcome.UNREACHABLE),
        (SessionLost("a", "b"), Outcome.UNKNOWN),
        (ScriptError("a"), Outcome.FAILED),
    ],
)
def test_error(error: PsrebindError, wanted: Outcome) -> None:
    """The outcome of an error asks for the error's own exit status."""
    assert outcome_of_error(error) is wanted
    assert wanted.exit_status == error.exit_status


def test_every_outcome_has_a_status() -> None:
    """No outcome is without an exit status."""
    statuses = {outcome: outcome.exit_status for outcome in Outcome}
    assert statuses[Outcome.UNCHANGED] == statuses[Outcome.CHANGED] == 0
    assert all(status for outcome, status in statuses.items() if "changed" not in outcome)
