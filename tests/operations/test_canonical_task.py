"""The canonical form of a task, by the host's PowerShell and by Python: one form, two walks."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from decode.task_cases import EDITS, NORMALISED, WANTED
from engine import run

from psrebind.decode.tasks import DEFAULTS, IGNORED, SAME, canonical
from psrebind.literals import literal

PIECE = Path(__file__).parents[2] / "ps_templates" / "_task.ps1.j2"
# Export-ScheduledTask gives text: bytes are a matter of files.
TABLE = {
    "wanted": WANTED,
    **{f"normalised: {name}": xml for name, xml in NORMALISED.items()},
    **{f"edited: {name}": xml for name, (xml, _, _) in EDITS.items()},
}
CASES = {name: xml for name, xml in TABLE.items() if isinstance(xml, str)}


@pytest.mark.engine
def test_both_walks_give_one_form(pwsh: Path) -> None:
    """On every case of the table the host's function and the decoder say the same."""
    tables = {"defaults": DEFAULTS, "ignored": IGNORED, "same": SAME}
    script = [
        PIECE.read_text("ascii"),
        "Set-StrictMode -Version 2.0",
        f"$tables = {literal(tables)}",
        f"foreach ($xml in {literal(list(CASES.values()))}) {{",
        "    $form = Get-CanonicalTask $xml $tables",
        "    [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($form))",
        "}",
    ]
    said = run(pwsh, "\n".join(script)).splitlines()
    for (name, xml), line in zip(CASES.items(), said, strict=True):
        wanted = "\n".join(f"{path}={value}" for path, value in canonical(xml).items())
        found = base64.b64decode(line).decode("utf-8")
        assert sorted(found.splitlines()) == sorted(wanted.splitlines()), name
