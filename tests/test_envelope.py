"""The frame of every script on the real engine: its JSON writer, scopes, warnings and mutex."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from engine import run

from psrebind.replies import Body, parse
from psrebind.templates import Call, Library

pytestmark = pytest.mark.engine

NAME = "say_name"
BYTES = bytes(range(256))
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    -(2**63) + 1,
    "",
    " ",
    "plain",
    '"quotes" \' \u2018 and \\ back\\\\slash /',
    "".join(chr(code) for code in range(1, 32)) + "\x7f\u0080\u0085\u2028",
    "Straße, Кириллица, 日本語",
    "K \u212a and i \u0130 \u0131",
    "\u212a",
    "\ud800",
    "\udfff\ud800x",
    "\U0001f600 beyond the first plane",
    "\ufffe\uffff\ufeff",
    [],
    [1],
    [1, "two"],
    [[]],
    [[1]],
    [[1, 2], [], [[None]]],
    {},
    {"a": {"b": {"c": [{"d": 1}]}}},
    {"Keys": 1, "Count": [2], "Values": None},
    {'odd "key" \u00e9\n': "x"},
)


def ran(pwsh: Path, folder: Path, text: str, calls: Sequence[dict[str, Any]]) -> str:
    """What a script writes whose bodies are one template with several values."""
    (folder / f"{NAME}.ps1.j2").write_text(text, "ascii")
    found = Library([folder])
    script = found.render([Call(NAME, values, changes=False) for values in calls])
    return run(pwsh, script.text)


def bodies(pwsh: Path, folder: Path, *texts: str) -> tuple[Body, ...]:
    """The answers of several bodies in one script."""
    for number, text in enumerate(texts):
        (folder / f"say_{number}.ps1.j2").write_text(f"{text}\n", "ascii")
    calls = [Call(f"say_{number}", {}, changes=False) for number in range(len(texts))]
    return parse(run(pwsh, Library([folder]).render(calls).text)).bodies


def test_values_go_there_and_back(pwsh: Path, tmp_path: Path) -> None:
    """What a body gives is what json reads, and on the way it is ASCII."""
    template = "$Value = {{ value }}\n@{ value = $Value }\n"
    written = ran(pwsh, tmp_path, template, [{"value": value} for value in VALUES])
    assert written.isascii()
    assert written.count("\n") == 1
    found = json.loads(written)["bodies"]
    assert [body["error"] for body in found] == [None] * len(VALUES)
    assert [body["rows"] for body in found] == [[{"value": value}] for value in VALUES]


def test_numbers_of_other_types(pwsh: Path, tmp_path: Path) -> None:
    """Whole numbers of the registry and of http.sys are numbers, whatever their type."""
    text = (
        "@{ a = [uint32]4294967295; b = [long]::MaxValue; c = [byte]7; d = [int]-5; "
        "e = [uint64]::MaxValue }"
    )
    (body,) = bodies(pwsh, tmp_path, text)
    assert body.rows == ({"a": 2**32 - 1, "b": 2**63 - 1, "c": 7, "d": -5, "e": 2**64 - 1},)


def test_bytes_in_full_language(pwsh: Path, tmp_path: Path) -> None:
    """Bytes are base64, also none and one."""
    template = "$Value = {{ value }}\n@{ value = $Value }\n"
    values = [BYTES, b"", b"\0"]
    written = ran(pwsh, tmp_path, template, [{"value": value} for value in values])
    rows = [body["rows"][0]["value"] for body in json.loads(written)["bodies"]]
    assert [base64.b64decode(row, validate=True) for row in rows] == values


def test_constrained_language(pwsh: Path, tmp_path: Path) -> None:
    """Where [Convert] is refused bytes are numbers, and everything else is the same."""
    template = "$Value = {{ value }}\n@{ value = $Value }\n"
    (tmp_path / f"{NAME}.ps1.j2").write_text(template, "ascii")
    values = [*VALUES, BYTES, b"", b"\0"]
    calls = [Call(NAME, {"value": value}, changes=False) for value in values]
    file = tmp_path / "script.ps1"
    file.write_text(Library([tmp_path]).render(calls).text, "ascii")
    mode = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"
    written = run(pwsh, f"{mode}\n& '{file}'\n")
    reply = json.loads(written)
    assert reply["language_mode"] == "ConstrainedLanguage"
    rows = [body["rows"][0]["value"] for body in reply["bodies"]]
    assert rows == [*VALUES, list(BYTES), [], [0]]
    assert written.isascii()


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        ("1.5", "System.Double"),
        ("[datetime]'2026-01-01'", "System.DateTime"),
        ("[guid]::Empty", "System.Guid"),
        ("@(1, @{ deep = [decimal]1 })", "System.Decimal"),
        ("[char]65", "System.Char"),
    ],
)
def test_anything_else_is_an_error(pwsh: Path, tmp_path: Path, value: str, type_name: str) -> None:
    """A value that JSON would show in one of several ways fails its body, and no other."""
    odd, good = bodies(pwsh, tmp_path, f"@{{ value = {value} }}", "@{ value = 1 }")
    assert (odd.rows, odd.error is not None) == ((), True)
    assert f"cannot hold a value of type '{type_name}'" in str(odd.error)
    assert (good.rows, good.error) == (({"value": 1},), None)


def test_warnings_are_no_rows(pwsh: Path, tmp_path: Path) -> None:
    """What a body warns of comes beside its rows, as does a text that is none."""
    text = "Write-Warning 'careful'\n@{ value = 1 }\n'loose'\n@{ value = 2 }"
    (body,) = bodies(pwsh, tmp_path, text)
    assert body.rows == ({"value": 1}, {"value": 2})
    assert body.warnings == ("careful", "loose")


def test_each_body_has_its_own_scope(pwsh: Path, tmp_path: Path) -> None:
    """A variable, a function and a preference of the first body do not reach the second."""
    first = (
        "$leak = 1\nfunction Get-Leak { 1 }\n$ErrorActionPreference = 'SilentlyContinue'\n"
        "@{ value = $leak }"
    )
    second = (
        "@{\n    variable = Test-Path -LiteralPath 'variable:leak'\n"
        "    function = Test-Path -LiteralPath 'function:Get-Leak'\n"
        "    preference = $ErrorActionPreference\n}"
    )
    _, seen = bodies(pwsh, tmp_path, first, second)
    assert seen.rows == ({"variable": False, "function": False, "preference": "Stop"},)


def test_an_error_ends_its_body_alone(pwsh: Path, tmp_path: Path) -> None:
    """Rows of a body that fails are dropped; the next one answers."""
    odd, good = bodies(
        pwsh, tmp_path, "@{ value = 1 }\nGet-Item -LiteralPath '/none'", "@{ value = 2 }"
    )
    assert (odd.rows, good.rows) == ((), ({"value": 2},))
    assert odd.error
    assert odd.error.error_id == "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand"
    assert odd.error.category == "ObjectNotFound"


# The mutex is one for the machine, where other runs of this test may be.
MUTEX = f"Global\\psrebind-{os.getpid()}"
HOLD = f"""
$mutex = New-Object -TypeName System.Threading.Mutex -ArgumentList $false, '{MUTEX}'
if ($args[0] -eq 'own') {{ $null = $mutex.WaitOne(20000) }}
'ready'
Start-Sleep -Seconds 60
"""


@contextmanager
def holding(pwsh: Path, folder: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the mutex open, and may own it; it is killed at the end."""
    file = folder / "holder.ps1"
    file.write_text(HOLD, "ascii")
    command = [str(pwsh), "-NoProfile", "-NonInteractive", "-File", str(file), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def test_an_abandoned_mutex_is_taken_over(pwsh: Path, tmp_path: Path) -> None:
    """A psrebind that was killed in the midst of a change does not keep the host for ever."""
    (tmp_path / f"{NAME}.ps1.j2").write_text("@{ value = 1 }\n", "ascii")
    script = Library([tmp_path]).render([Call(NAME, {}, changes=True)])
    assert "'Global\\psrebind'" in script.text
    text = script.text.replace("Global\\psrebind", MUTEX)
    # Without a witness the mutex would go with its owner, and none would be abandoned.
    with holding(pwsh, tmp_path, "watch"):
        with holding(pwsh, tmp_path, "own"):
            (busy,) = parse(run(pwsh, text)).bodies
        (free,) = parse(run(pwsh, text)).bodies
    assert busy.error
    assert busy.error.error_id == "psrebind.Busy"
    assert (free.error, free.rows) == (None, ({"value": 1},))
