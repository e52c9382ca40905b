"""The queries on the lab: every check, on both engines."""

from __future__ import annotations

import pytest
from labs import Check, connect
from operations import queries

from psrebind.lab.stage.lab import Lab
from psrebind.templates import Library


@pytest.mark.parametrize("check", queries.CHECKS, ids=lambda check: check.__name__)
def test_the_contract_of_a_query(lab: Lab, check: Check) -> None:
    """What must hold of the query holds."""
    with connect(lab) as session:
        check(lab, session, Library())
