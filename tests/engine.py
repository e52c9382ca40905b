"""Running text in a real PowerShell, and the values that come back."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# The exact UTF-16 units of a string: encoders would replace lone surrogates.
_DESCRIBE = """
function Get-Units([string]$Value) {
    $characters = $Value.ToCharArray()
    $bytes = New-Object byte[] ($characters.Length * 2)
    [System.Buffer]::BlockCopy($characters, 0, $bytes, 0, $bytes.Length)
    [System.Convert]::ToBase64String($bytes)
}
function Get-Description($Value) {
    if ($null -eq $Value) { return @('null', '') }
    $type = $Value.GetType().Name
    if ($Value -is [byte[]]) { return @('bytes', [System.Convert]::ToBase64String($Value)) }
    if ($Value -is [array]) {
        $items = @(foreach ($item in $Value) { ,@(Get-Description $item) })
        return @('array', $items)
    }
    if ($Value -is [hashtable]) {
        $items = @(foreach ($key in $Value.Keys) {
            ,@((Get-Units $key), @(Get-Description $Value[$key]))
        })
        return @('hashtable', $items)
    }
    if ($Value -is [string]) { return @('string', (Get-Units $Value)) }
    if ($Value -is [datetime]) { return @("datetime $($Value.Kind)", $Value.ToString('o')) }
    if ($Value -is [timespan]) { return @('timespan', "$($Value.Ticks)") }
    if ($Value -is [double]) {
        return @('double', [System.BitConverter]::DoubleToInt64Bits($Value).ToString())
    }
    @($type, [System.Convert]::ToString($Value, [cultureinfo]::InvariantCulture))
}
"""


def run(pwsh: Path, script: str, *arguments: str) -> str:
    """Run a script from a file and give what it wrote; its errors fail the test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.ps1"
        file.write_text(script, "ascii")
        command = [str(pwsh), "-NoProfile", "-NonInteractive", "-File", str(file), *arguments]
        finished = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert finished.returncode == 0, finished.stderr.decode()
    assert not finished.stderr, finished.stderr.decode()
    return finished.stdout.decode("utf-8")


def describe(pwsh: Path, literals: Sequence[str]) -> list[Any]:
    """What the engine makes of each literal: its type's name and its value, exactly."""
    lines = "".join(f"$value = {text}\n$all += ,@(Get-Description $value)\n" for text in literals)
    script = (
        f"{_DESCRIBE}\n$all = @()\n{lines}\nConvertTo-Json -Depth 50 -Compress -InputObject $all\n"
    )
    found: list[Any] = json.loads(run(pwsh, script))
    return found


def units(text: str) -> str:
    """The UTF-16 units of a text, as ``describe`` gives them."""
    return base64.b64encode(text.encode("utf-16-le", "surrogatepass")).decode("ascii")
