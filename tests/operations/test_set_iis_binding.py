"""set_iis_binding on the lab: every check, on both engines."""

from __future__ import annotations

import pytest
from labs import Check, connect
from operations.changes import CHECKS

from psrebind.lab.stage.lab import Lab
from psrebind.templates import Library


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract_of_a_change(lab: Lab, check: Check) -> None:
    """What must hold of the change holds."""
    with connect(lab) as session:
        check(lab, session, Library())
