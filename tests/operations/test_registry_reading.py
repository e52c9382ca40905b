"""Reading registry keys in one pass, on the engine: what goes away or is not to be read meanwhile.

The drive is a table here, since no registry can be made to lose a key at the right moment.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from engine import run

PIECE = Path(__file__).parents[2] / "ps_templates" / "_registry.ps1.j2"
DRIVE = r"""
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$gone = 'R:\gone'
$denied = ''
function New-Key([string]$Path, [int]$Below, [string[]]$Property) {
    [pscustomobject]@{
        PSPath = $Path; PSParentPath = $Path -replace '\\[^\\]+$'
        PSChildName = $Path -replace '^.*\\'; SubKeyCount = $Below; Property = $Property
    }
}
function Get-ChildItem {
    [CmdletBinding()] param([string]$LiteralPath, [switch]$Recurse)
    New-Key 'R:\first' 0 @('Name')
    New-Key 'R:\empty' 0 @()
    New-Key 'R:\gone' 0 @('Name')
    New-Key 'R:\deep' 1 @('Name', 'PSDrive')
    if ($Recurse) { New-Key 'R:\deep\More' 1 @(); New-Key 'R:\deep\More\Most' 0 @() }
    New-Key 'R:\closed' 1 @('Name')
}
function Get-ItemProperty {
    [CmdletBinding()]
    param([Parameter(ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string]$LiteralPath)
    process {
        if ($LiteralPath -eq $gone -or $LiteralPath -eq $denied) {
            Write-Error "$LiteralPath is not to be read."
        } elseif ($LiteralPath -ne 'R:\empty') {
            [pscustomobject]@{ Name = $LiteralPath; PSDrive = 'R' }
        }
    }
}
function Test-Path { param([string]$LiteralPath) $LiteralPath -ne $gone }
"""
SHOW = r"""
foreach ($key in @(Get-RegistrySubkey 'R:')) {
    $values = foreach ($name in @($key.values.Keys | Sort-Object)) { "$name=$($key.values[$name])" }
    "$($key.name): $($values -join ' '), $($key.below -join ' ')"
}
"""


@pytest.mark.engine
def test_each_key_has_its_own_values(pwsh: Path) -> None:
    """A key that went away is left out, and none gets another's values; what is hidden is named."""
    assert run(pwsh, DRIVE + PIECE.read_text() + SHOW).splitlines() == [
        "first: Name=R:\\first, ",
        "empty: , ",
        "deep: Name=R:\\deep PSDrive=a value, More",
        "closed: Name=R:\\closed, ?",
    ]


@pytest.mark.engine
def test_a_key_that_is_not_to_be_read_is_an_error(pwsh: Path) -> None:
    """What is there and cannot be read is no key without values."""
    caught = f'try {{ {SHOW} }} catch {{ "$_" }}'
    script = f"{DRIVE}$denied = 'R:\\deep'\n{PIECE.read_text()}{caught}"
    assert run(pwsh, script).splitlines()[-1] == "R:\\deep is not to be read."
