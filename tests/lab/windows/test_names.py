"""Names in the lab are compared as Windows compares them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine import run

from psrebind.lab.windows.names import folded

# Latin, Greek and Cyrillic with all their accents, and what looks like them further on.
LETTERS = [chr(code) for code in (*range(0x20, 0x530), 0x1E9E, 0x212A, 0x212B, 0xFB01)]
# The engine's tables and Python's are not of one Unicode; nothing that a name is written with.
APART = {"\u017f", "\u1e9e", "\u0345", "\u03c2"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Straße", "STRAßE", True),
        ("straße", "strasse", False),
        ("læring", "LÆRING", True),
        ("læring", "laering", False),
        ("\u212a", "k", False),
        ("flo\u200dra", "flora", False),
        ("title", "TITLE", True),
    ],
)
def test_case_is_all_that_does_not_count(one: str, other: str, *, same: bool) -> None:
    """Two spellings of a word are two names, whatever a language says of them."""
    assert (folded(one) == folded(other)) is same


@pytest.mark.engine
def test_the_engine_compares_alike(pwsh: Path) -> None:
    """[string]::Equals(a, b, 'OrdinalIgnoreCase') of a letter and its other case says the same."""
    pairs = [(one, other) for one in LETTERS for other in {one.upper(), one.lower()} - {one}]
    codes = [[[ord(c) for c in text] for text in pair] for pair in pairs]
    script = (
        f"$pairs = ConvertFrom-Json '{json.dumps(codes)}' -NoEnumerate\n"
        "foreach ($pair in $pairs) {\n"
        "    $one, $other = foreach ($text in $pair) { -join [char[]]$text }\n"
        "    [int][string]::Equals($one, $other, 'OrdinalIgnoreCase')\n"
        "}\n"
    )
    said = [line == "1" for line in run(pwsh, script).split()]
    found = {
        pair: engine
        for pair, engine in zip(pairs, said, strict=True)
        if (folded(pair[0]) == folded(pair[1])) is not engine and not APART & {*pair[0], *pair[1]}
    }
    assert found == {}
