"""What the engine without PowerShell says of scripts that it does not know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab_hosts import host

from psrebind.errors import ParameterError
from psrebind.lab.engines.model.replies import Answers


def test_an_unknown_operation_says_that_no_powershell_ran(tmp_path: Path) -> None:
    """It is an error of that operation, with the way to get a PowerShell; others still answer."""
    bodies = ("get_exchange_certificate", "get_certificate")
    script = "".join(
        f"$Operation = '{name}'\n$Modules = @()\n$Changes = $false\n$Stores = @('My')\n"
        for name in bodies
    )
    unknown, known = json.loads(Answers(host(tmp_path))(script, {}))["bodies"]
    assert unknown["error"]["error_id"] == "psrebind.NoPowerShell"
    assert "no answer to get_exchange_certificate" in unknown["error"]["message"]
    assert "PSREBIND_PWSH" in unknown["error"]["message"]
    assert (known["error"], known["rows"]) == (None, [])


def test_a_script_without_an_operation_is_refused(tmp_path: Path) -> None:
    """Any other script is not understood."""
    with pytest.raises(ParameterError, match="no operation"):
        Answers(host(tmp_path))("Get-Date", {})
