"""Text for a person: nothing of a host's text acts on the terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psrebind.cli.consent import require_answer
from psrebind.cli.output.messages import tell
from psrebind.errors import InvalidInput
from psrebind.text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("München → ok", "München → ok"),
        ("\x1b[2Jgone", "\\u001b[2Jgone"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("c1\x9b31m", "c1\\u009b31m"),
        ("two\nlines", "two\\u000alines"),
        ("half \ud800", "half \\ud800"),
        ("tag \U000e0041", "tag \\udb40\\udc41"),
    ],
)
def test_hidden_characters_are_shown(text: str, shown: str) -> None:
    """What a terminal acts on or hides is written out; letters of any language stay."""
    assert visible(text) == shown


@given(st.text())
def test_json_reads_visible_text_back(text: str) -> None:
    """Made visible, JSON is still the same data."""
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


def test_messages_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """A message is on stderr, with its hidden characters shown."""
    tell("a\x07b")
    assert tuple(capsys.readouterr()) == ("", "psrebind: a\\u0007b\n")


def test_nobody_there_agrees_to_nothing() -> None:
    """Without a terminal the question is refused, with the way to answer it."""
    with pytest.raises(InvalidInput, match="--yes"):
        require_answer("go ahead?", yes=False)
