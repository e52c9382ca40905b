"""What must hold of every operation on the lab: every check, on both engines."""

from __future__ import annotations

import pytest
from labs import Check, connect
from operations import (
    call_checks,
    changes,
    notice_checks,
    notification_checks,
    queries,
    renewal_checks,
    spelling_checks,
    task_checks,
)

from psrebind.lab.stage.lab import Lab
from psrebind.templates import Library

MODULES = {
    "query": queries,
    "change": changes,
    "renewal": renewal_checks,
    "calls": call_checks,
    "spelling": spelling_checks,
    "task": task_checks,
    "notice": notice_checks,
    "notification": notification_checks,
}
CHECKS = {
    f"{name}-{check.__name__}": check for name, module in MODULES.items() for check in module.CHECKS
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_check_holds(lab: Lab, check: Check) -> None:
    """What the check says holds."""
    if check in call_checks.COUNTS and not lab.engine:
        pytest.skip("only PowerShell asks Windows as the script does")
    with connect(lab) as session:
        check(lab, session, Library())
