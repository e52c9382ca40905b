"""The rebind task in canonical form: what Windows normalises is equal, every edit has a name."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import permutations

import pytest
from decode.task_cases import EDITS, NORMALISED, WANTED, edited
from hypothesis import given, settings
from hypothesis import strategies as st

from psrebind.decode.task_words import rebinds
from psrebind.decode.tasks import DEFAULTS, IGNORED, SAME, Difference, canonical, differences
from psrebind.errors import DecodeError

FLAGS = {
    name: value
    for path, value in DEFAULTS.items()
    if value in ("true", "false") and WANTED.count(f"<{(name := path.rpartition('/')[2])}>") == 1
}


def test_the_wanted_xml_is_what_windows_takes_from_a_string() -> None:
    """One line of ASCII without a declaration: Register-ScheduledTask refuses UTF-8."""
    assert WANTED.isascii()
    assert "\n" not in WANTED
    assert WANTED.startswith("<Task ")
    assert "$(OldCertHash)" in WANTED


@pytest.mark.parametrize("name", NORMALISED)
def test_what_windows_normalises_is_no_difference(name: str) -> None:
    """Defaults, order, declaration, namespaces and spelling change nothing."""
    assert differences(NORMALISED[name]) == ()


def test_normalisations_do_change_the_text() -> None:
    """Each case of the table is another text than the wanted one and than each other."""
    for first, second in permutations(NORMALISED.values(), 2):
        assert first != second


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_named(name: str) -> None:
    """A single edit is a single difference, at its path, with what was found."""
    xml, path, found = EDITS[name]
    (difference,) = differences(xml)
    assert (difference.path, difference.found) == (path, found)
    assert difference.wanted != found


@pytest.mark.parametrize("name", FLAGS)
def test_each_flag_of_the_settings_is_compared(name: str) -> None:
    """Turning any flag of the settings over is a difference."""
    found = re.search(rf"<{name}>(\w+)</{name}>", WANTED)
    assert found
    turned = {"true": "false", "false": "true"}[found[1]]
    (difference,) = differences(edited(found[0], f"<{name}>{turned}</{name}>"))
    default = DEFAULTS[difference.path]
    assert difference.found == (None if turned == default else turned)


def test_an_added_trigger_is_one_difference_for_each_part() -> None:
    """A second trigger is numbered and does not hide the first."""
    more = "<EventTrigger><Enabled>true</Enabled></EventTrigger><LogonTrigger><Delay>PT1M</Delay>"
    found = differences(edited("</Triggers>", f"{more}</LogonTrigger></Triggers>"))
    assert [(difference.path, difference.found) for difference in found] == [
        ("Triggers/EventTrigger[2]/Enabled", "true"),
        ("Triggers/LogonTrigger/Delay", "PT1M"),
    ]


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        (
            Difference("Settings/Priority", None, "9"),
            "Settings/Priority is '9', not '7' (the default)",
        ),
        (
            Difference("Settings/MultipleInstancesPolicy", "Queue", None),
            "Settings/MultipleInstancesPolicy is 'IgnoreNew' (the default), not 'Queue'",
        ),
        (
            Difference("Actions/Exec[2]/Command", None, "a"),
            "Actions/Exec[2]/Command is 'a', not absent",
        ),
    ],
)
def test_a_difference_is_a_sentence(difference: Difference, sentence: str) -> None:
    """A difference says what is there and what should be, defaults by their value."""
    assert str(difference) == sentence


def test_the_tables_agree_with_themselves() -> None:
    """No default is ignored, and no spelling leads to another one that is replaced again."""
    assert not [path for path in DEFAULTS if path in IGNORED]
    same = {key.lower(): value for key, value in SAME.items()}
    for key, value in SAME.items():
        again = f"{key.partition('=')[0]}={value}"
        assert same.get(again.lower(), value) == value


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("", "not well-formed"),
        ("<Event/>", "is not a task: the root is 'Event'"),
        ("<!DOCTYPE Task []>" + WANTED, "document type"),
        (WANTED[:-3], "not well-formed"),
    ],
)
def test_what_is_no_task(xml: str, reason: str) -> None:
    """Anything but a task is refused by the decoder's own error."""
    with pytest.raises(DecodeError, match=reason):
        canonical(xml)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_tasks_raise_only_the_own_error(data: st.DataObject) -> None:
    """A task with a piece replaced is compared or refused, never more."""
    start = data.draw(st.integers(0, len(WANTED)))
    end = data.draw(st.integers(start, min(len(WANTED), start + 40)))
    xml = WANTED[:start] + data.draw(st.text(max_size=8)) + WANTED[end:]
    with suppress(DecodeError):
        assert rebinds(xml) != ""
        assert all(str(difference) for difference in differences(xml))
