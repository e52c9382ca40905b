"""The script that a notification task runs on the host, on the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine import run
from syntax import parse

from psrebind.templates import shipped

HANDLER = Path(__file__).parents[2] / "ps_templates" / "notification_handler.ps1"
OLD, NEW = "0a" * 20, "1B" * 20
# A function of that name is found before a program.
APPCMD = r"""
$env:SystemRoot = 'C:\Windows'
$name = 'C:\Windows\System32\inetsrv\appcmd.exe'
Set-Item -LiteralPath "function:global:$name" -Value { "$args"; $global:LASTEXITCODE = 7 }
"""


def said(pwsh: Path, *values: str) -> list[str]:
    """What the script said to these hashes, and its exit status."""
    names = ("-OldCertHash", "-NewCertHash", "-EventRecordId")
    words = " ".join(f"{name} '{value}'" for name, value in zip(names, values, strict=False))
    return run(pwsh, f"{APPCMD}\n& '{HANDLER}' {words}\n$LASTEXITCODE\n").splitlines()


@pytest.mark.engine
def test_it_runs_appcmd_and_hands_its_status_on(pwsh: Path) -> None:
    """Both hashes go to appcmd as the rebind task of IIS gives them; its status is the task's."""
    line = f"renew binding /oldcert:{OLD} /newcert:{NEW}"
    assert said(pwsh, OLD, NEW, "12") == [line, "7"]


@pytest.mark.engine
@pytest.mark.parametrize(
    "values", [(), (OLD,), (OLD, "$(NewCertHash)"), (f"{OLD} /x", NEW), ("", NEW), (OLD, NEW[:-1])]
)
def test_what_is_no_hash_goes_nowhere(pwsh: Path, values: tuple[str, ...]) -> None:
    """An event without a certificate ends with the number of a wrong parameter."""
    assert said(pwsh, *values) == ["87"]


@pytest.mark.engine
def test_it_is_a_script_of_the_oldest_powershell(pwsh: Path) -> None:
    """ASCII without Jinja, parsed by 5.1 and 4.0, of the commands that it shows."""
    text = shipped(HANDLER.name)
    syntax = parse(pwsh, {"handler": text})["handler"]
    assert text.isascii()
    assert "{{" not in text
    assert (syntax.errors, syntax.later, syntax.five) == ((), (), ())
    assert [one.name for one in syntax.commands if one.name] == []
