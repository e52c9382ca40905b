"""Two spellings of one name on the lab: every check, on both engines."""

from __future__ import annotations

import pytest
from labs import Check, connect
from operations import spelling_checks

from psrebind.lab.stage.lab import Lab
from psrebind.templates import Library


@pytest.mark.parametrize("check", spelling_checks.CHECKS, ids=lambda check: check.__name__)
def test_two_spellings_are_two_names(lab: Lab, check: Check) -> None:
    """What must hold of names that read alike holds."""
    with connect(lab) as session:
        check(lab, session, Library())
