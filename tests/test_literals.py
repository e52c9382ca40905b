"""Literals: each value goes through the real engine and comes back; the reader is the inverse."""

from __future__ import annotations

import base64
import struct
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path, PureWindowsPath
from typing import Any
from uuid import UUID

import pytest
from engine import describe, run, units
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syntax import normalise_tree

from psrebind.errors import ParameterError
from psrebind.lab.engines.model.literal_reader import read_literal
from psrebind.literals import literal
from psrebind.model import Secret, Thumbprint

CODE_PAGES = [f"cp{number}" for number in (*range(1250, 1259), 932, 936, 949, 950)]


class Colour(Enum):
    """An enumeration like any other."""

    RED = "rouge"


# PowerShell takes U+2018..U+201B for a single quote and U+201C..U+201E for a double one.
QUOTES = "'\"\u2018\u2019\u201a\u201b\u201c\u201d\u201e`\u00b4"
STRINGS = [
    "",
    " ",
    "plain",
    QUOTES,
    *QUOTES,
    "it''s",
    "a\nb\r\nc\td\v\f\b\x1b",
    "$(throw 'x') $env:PATH ${x} `$ `n `0",
    "@'\nhere\n'@",
    '@"\nhere $x\n"@',
    "<# comment #> # more ; & | ( ) { } [ ] , % ",
    "--% stop parsing",
    "{{ jinja }} {% if %} {# #}",
    "x'; Remove-Item C:\\ -Recurse; '",
    "Straße",
    "münchen.example",
    "Кириллица " * 5,
    "日本語のサイト",
    "\ud800",
    "\udfff\ud800x",
    "😀 emoji 👩‍👩‍👧",
    "\u200e\u200b\ufeff\u2028\u2029\u0085\u00a0",
    "\ufffe\uffff",
    "é" * 100,
]
VALUES: list[tuple[Any, Any]] = [
    (None, ["null", ""]),
    (True, ["Boolean", "True"]),
    (False, ["Boolean", "False"]),
    (0, ["Int32", "0"]),
    (-1, ["Int32", "-1"]),
    (2**31, ["Int64", "2147483648"]),
    (2**63 - 1, ["Int64", "9223372036854775807"]),
    (-(2**63), ["BigInteger", "-9223372036854775808"]),
    (10**30, ["BigInteger", "1" + "0" * 30]),
    (Decimal("1.10"), ["Decimal", "1.10"]),
    (Decimal("-0.0000000000000000000000000001"), ["Decimal", "-0.0000000000000000000000000001"]),
    (Decimal("1E+5"), ["Decimal", "100000"]),
    (b"", ["bytes", ""]),
    (bytes(range(256)), ["bytes", base64.b64encode(bytes(range(256))).decode()]),
    ([], ["array", []]),
    ([1], ["array", [["Int32", "1"]]]),
    ((1, 2), ["array", [["Int32", "1"], ["Int32", "2"]]]),
    ([[]], ["array", [["array", []]]]),
    (
        [[], [1], [1, 2]],
        [
            "array",
            [
                ["array", []],
                ["array", [["Int32", "1"]]],
                ["array", [["Int32", "1"], ["Int32", "2"]]],
            ],
        ],
    ),
    ([[[None]]], ["array", [["array", [["array", [["null", ""]]]]]]]),
    ({}, ["hashtable", []]),
    ({"ключ'": [1]}, ["hashtable", [[units("ключ'"), ["array", [["Int32", "1"]]]]]]),
    (
        datetime(2026, 11, 24, 1, 2, 3, 4, tzinfo=UTC),
        ["datetime Utc", "2026-11-24T01:02:03.0000040Z"],
    ),
    (
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        ["datetime Utc", "2025-12-31T22:00:00.0000000Z"],
    ),
    (datetime(1, 1, 1, tzinfo=UTC), ["datetime Utc", "0001-01-01T00:00:00.0000000Z"]),
    (timedelta(0), ["timespan", "0"]),
    (timedelta(days=-1, microseconds=3), ["timespan", str(-863999999970)]),
    (timedelta(days=10_000_000), ["timespan", str(10_000_000 * 864_000_000_000)]),
    (
        UUID("4dc3e181-e14b-4a21-b022-59fc669b0914"),
        ["Guid", "4dc3e181-e14b-4a21-b022-59fc669b0914"],
    ),
    (PureWindowsPath(r"C:\a b"), ["string", units(r"C:\a b")]),
    (Colour.RED, ["string", units("rouge")]),
    (Thumbprint("ab" * 20), ["string", units("AB" * 20)]),
]
FLOATS = [0.0, -0.0, 1.5, 0.1, 1e300, -1e-300, 5e-324, 2**53 + 0.0, float("inf"), float("-inf")]
ANY_TEXT = st.text(st.characters(codec=None, exclude_characters="\0", categories=None))
PLAIN = st.none() | st.booleans() | st.integers() | ANY_TEXT | st.binary(max_size=40)
NESTED = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3), max_leaves=8)


@pytest.mark.engine
def test_each_string_returns_from_the_engine(pwsh: Path) -> None:
    """Strings with every quote, escape and surrogate come back unit by unit."""
    found = describe(pwsh, [literal(text) for text in STRINGS])
    assert found == [["string", units(text)] for text in STRINGS]


@pytest.mark.engine
def test_each_value_returns_from_the_engine(pwsh: Path) -> None:
    """Every supported type has the expected .NET type and value."""
    assert describe(pwsh, [literal(value) for value, _ in VALUES]) == [want for _, want in VALUES]


@pytest.mark.engine
def test_floats_return_bit_by_bit(pwsh: Path) -> None:
    """Doubles, infinities and minus zero keep their bits; a NaN stays one."""
    want = [["double", str(struct.unpack("<q", struct.pack("<d", one))[0])] for one in FLOATS]
    assert describe(pwsh, [literal(one) for one in FLOATS]) == want
    assert run(pwsh, f"[double]::IsNaN({literal(float('nan'))})").strip() == "True"


@pytest.mark.engine
def test_a_megabyte_returns_from_the_engine(pwsh: Path) -> None:
    """A string of 1 MB, and long runs that no chain of + could hold."""
    texts = ["it's `$(x)` " * 90_000, "ü" * 60_000, "aü'" * 20_000]
    assert describe(pwsh, [literal(text) for text in texts]) == [
        ["string", units(text)] for text in texts
    ]


@pytest.mark.engine
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(ANY_TEXT, min_size=20, max_size=60))
def test_any_text_returns_from_the_engine(pwsh: Path, texts: list[str]) -> None:
    """Whatever Hypothesis thinks of comes back from the engine unchanged."""
    assert describe(pwsh, [literal(text) for text in texts]) == [
        ["string", units(text)] for text in texts
    ]


@pytest.mark.engine
def test_a_literal_parses_alike_in_every_code_page(pwsh: Path) -> None:
    """The bytes of a script make one syntax tree, whichever ANSI page reads them."""
    script = "".join(f"$value = {literal(text)}\n" for text in STRINGS).encode("utf-8")
    shapes = normalise_tree(pwsh, script, ["utf-8", *CODE_PAGES])
    assert len(shapes) == len(CODE_PAGES) + 1
    assert len(set(shapes.values())) == 1


@given(NESTED)
def test_a_literal_is_ascii_on_one_line(value: Any) -> None:
    """No value can bring a line break or a character of a code page into a script."""
    assert all(" " <= character <= "~" for character in literal(value))


@given(NESTED)
def test_the_reader_is_the_inverse(value: Any) -> None:
    """Reading a literal gives the value back."""
    assert read_literal(literal(value)) == value


@pytest.mark.parametrize("value", [value for value, _ in VALUES if not isinstance(value, tuple)])
def test_the_reader_knows_each_type(value: Any) -> None:
    """Every type that is written is read, paths and enumerations as their text."""
    plain = str(value) if isinstance(value, PureWindowsPath) else value
    plain = value.value if isinstance(value, Enum) else plain
    assert read_literal(literal(value)) == plain


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "object"),
        ({1, 2}, "set"),
        (Secret("x"), "Secret"),
        (1j, "complex"),
        ({1: 2}, "key of type int"),
        ({"a": 1, "A": 2}, "stands twice"),
        ("a\0b", "NUL"),
        (datetime(2026, 1, 1), "no time zone"),
        (Decimal("NaN"), "beyond"),
        (Decimal(10) ** 29, "beyond"),
        (Decimal("1e-29"), "28 decimals"),
        (timedelta.max, "beyond"),
        ([object()], "object"),
    ],
)
def test_other_values_are_refused(value: Any, said: str) -> None:
    """What cannot be written exactly is refused by name, never written approximately."""
    with pytest.raises(ParameterError, match=said):
        literal(value)


@pytest.mark.parametrize("text", ["", "'a", "@(1", "$x", "(1)", "'a' + 'b'", "@{1}", "[int]'1'"])
def test_other_text_is_not_read(text: str) -> None:
    """The reader takes what was written by psrebind, and nothing else."""
    with pytest.raises(ParameterError, match="not a literal"):
        read_literal(text)
