"""The table of an inventory's variables in docs/fleets.md, and the keys that are understood."""

from __future__ import annotations

import re
from pathlib import Path

from psrebind.fleet.connection_keys import KEYS

PAGE = Path(__file__).parents[2] / "docs" / "fleets.md"


def test_the_table_has_every_key() -> None:
    """Each key has one row, with a sentence about it."""
    text = PAGE.read_text("utf-8").partition("<!-- variables -->")[2]
    table = text.partition("<!-- /variables -->")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    assert sorted(key for key, _ in rows) == sorted(KEYS)
    assert all(sentence.endswith(".") for _, sentence in rows)
