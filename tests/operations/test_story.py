"""The rebind task's story on the lab: every check, on both engines."""

from __future__ import annotations

import pytest
from labs import Check, connect
from operations import notice_checks, notification_checks, task_checks

from psrebind.lab.stage.lab import Lab
from psrebind.templates import Library

CHECKS = {
    f"{module.__name__.rpartition('.')[2]}-{check.__name__}": check
    for module in (task_checks, notice_checks, notification_checks)
    for check in module.CHECKS
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_contract_of_the_story(lab: Lab, check: Check) -> None:
    """What must hold of tasks, events and notices holds."""
    with connect(lab) as session:
        check(lab, session, Library())
