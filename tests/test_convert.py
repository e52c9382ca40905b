"""JSON to dataclasses: where a misfit is, and values of somebody else's making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from psrebind.convert import Misfit, convert, scalar


@dataclass(frozen=True)
class Options:
    """Lists by name."""

    named: Mapping[str, tuple[int, ...]]


def test_a_misfit_is_placed_by_field_and_key() -> None:
    """The sentence has the way to the value, a dictionary's key included."""
    with pytest.raises(Misfit, match=r"^x\.named\.first: int was promised, not '2'$"):
        convert(Options, {"named": {"first": [1, "2"]}}, "x")


def test_scalars_may_be_made_by_others() -> None:
    """A function in the place of ``scalar`` makes what is no container; words, say, to numbers."""

    def from_words(kind: Any, data: object, place: str) -> Any:
        return int(str(data), 0) if kind is int else scalar(kind, data, place)

    assert convert(Options, {"named": {"a": ["0x10", 1]}}, "x", from_words) == Options(
        {"a": (16, 1)}
    )
