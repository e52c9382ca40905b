"""How often scripts ask Windows, on the lab: every check, on both engines."""

from __future__ import annotations

import pytest
from labs import Check, connect
from operations.call_checks import CHECKS, COUNTS

from psrebind.lab.stage.lab import Lab
from psrebind.templates import Library


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_calls_of_a_script(lab: Lab, check: Check) -> None:
    """What must hold of the calls holds."""
    if check in COUNTS and not lab.engine:
        pytest.skip("only PowerShell asks Windows as the script does")
    with connect(lab) as session:
        check(lab, session, Library())
