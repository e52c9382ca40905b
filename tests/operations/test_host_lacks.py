"""What a host lacks for psrebind: each precondition by itself, with its fix."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from answers import body, reply
from certificates import NOW

from psrebind.operations.get_host import MODULES, GetHost, HostFacts

GOOD = HostFacts(
    "web01", "", "Windows Server 2022", "20348", 1, "10.0", True, "RemoteSigned", False, MODULES
)


def lacks(head: dict[str, Any], **facts: Any) -> tuple[str, ...]:
    """What a host lacks that has everything but for what is given."""
    answered = replace(reply([body("get_host", replace(GOOD, **facts))]), **head)
    return GetHost().host(answered, answered.bodies[0], now=NOW).lacks


@pytest.mark.parametrize(
    ("head", "facts"),
    [
        ({}, {}),
        ({"powershell": "5.1"}, {"build": "9600"}),
        ({"clock": NOW + timedelta(minutes=5)}, {"script_block_logging": True}),
        ({"process_bits": None}, {"elevated": None, "build": None}),
        ({}, {"modules": ("WebAdministration",)}),
    ],
    ids=["good", "oldest", "nearly", "unknown", "no-pki"],
)
def test_nothing_is_missing(head: dict[str, Any], facts: dict[str, Any]) -> None:
    """What is just good enough, and what nobody could read, is no lack."""
    assert lacks(head, **facts) == ()


@pytest.mark.parametrize(
    ("head", "facts", "what", "fix"),
    [
        ({"powershell": "5.0.10586.117"}, {}, "PowerShell is 5.0", "Management Framework 5.1"),
        ({"powershell": "4.0"}, {}, "PowerShell is 4.0", "Management Framework 5.1"),
        ({"powershell": "7.6.9"}, {}, "PowerShell is 7.6.9", "Microsoft.PowerShell"),
        ({}, {"build": "9200"}, "build 9200", "Server 2012 R2"),
        ({}, {"iis": None}, "IIS is not installed", "Install-WindowsFeature Web-Server"),
        ({}, {"modules": ("PKI",)}, "module WebAdministration", "Web-Scripting-Tools"),
        ({}, {"elevated": False}, "not elevated", "LocalAccountTokenFilterPolicy to 1"),
        ({"language_mode": "ConstrainedLanguage"}, {}, "ConstrainedLanguage", "changes cannot"),
        ({"process_bits": 32}, {}, "32-bit", "Microsoft.PowerShell"),
        ({"clock": NOW - timedelta(seconds=301)}, {}, "clock is -301 s", "time service"),
        ({"clock": NOW + timedelta(seconds=301)}, {}, "clock is +301 s", "time service"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_a_lack_is_named_with_its_fix(
    head: dict[str, Any], facts: dict[str, Any], what: str, fix: str
) -> None:
    """One sentence says what is missing and how to get it."""
    (found,) = lacks(head, **facts)
    assert what in found
    assert fix in found
