"""The tests' own look at PowerShell syntax: it must see what it is there to find."""

from __future__ import annotations

from pathlib import Path

import pytest
from syntax import normalise_tree, parse


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ('"x`u{41}"', "Escape"),
        ("Write-Output `e", "Escape"),
        ("0b101", "Number"),
        ("1y", "Number"),
        ("$a ?? 1", "QuestionQuestion"),
        ("${a}?.b", "QuestionDot"),
        ("$a ? 1 : 2", "QuestionMark"),
        ("a && b", "AndAnd"),
        ("a &", "Background"),
        ("Join-Path a b c", "JoinPath"),
    ],
)
def test_later_syntax_is_found(pwsh: Path, script: str, kind: str) -> None:
    """What 5.1 does not understand is named, once."""
    assert [place.kind for place in parse(pwsh, {"it": script})["it"].later] == [kind]


def test_plain_syntax_is_left_alone(pwsh: Path) -> None:
    """Numbers, escapes and paths that 5.1 knows are no findings."""
    script = '12l; 0xff; 3kb; 1.5d; "``e `n"; Join-Path -Path a -ChildPath b; $a | Where-Object b'
    assert parse(pwsh, {"it": script})["it"].later == ()


def test_calls_and_members_are_found(pwsh: Path) -> None:
    """A splatted call, a static and an instance method come with what a rule needs of them."""
    script = "$o = @{ Name = 'n' }\nGet-Item @o\n[Convert]::ToBase64String($b)\n$x.Add('a', 'b')"
    found = parse(pwsh, {"it": script})["it"]
    assert [(call.name, call.splats, call.line) for call in found.commands] == [
        ("Get-Item", ("o",), 2)
    ]
    assert found.tables == {"o": ("Name",)}
    assert {(member.type, member.name, member.arguments) for member in found.members} == {
        ("Convert", "ToBase64String", 1),
        ("", "Add", 2),
    }


def test_same_bytes_make_another_tree_in_another_code_page(pwsh: Path) -> None:
    """A Cyrillic letter in UTF-8 ends a string when read as 1252; ASCII is the same everywhere."""
    pages = ["utf-8", "cp1250", "cp1251", "cp1252", "cp932"]
    ends = normalise_tree(pwsh, "'\u0411'; Get-Item x".encode(), pages)
    assert ends["utf-8"] != ends["cp1252"]
    assert len(set(normalise_tree(pwsh, b"'B'; Get-Item x", pages).values())) == 1
