"""What a host lacks for psrebind: each precondition by itself, with its fix."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from answers import body, reply
from certificates import NOW

from psrebind.errors import ReplyError
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


@pytest.mark.parametrize("version", ["x", "", "5", "5.x", "9" * 5000, "5." + "1" * 5000])
def test_a_version_that_is_none_is_no_reply(version: str) -> None:
    """What a host says in place of its version is its error, never a bug here."""
    with pytest.raises(ReplyError, match="no version of PowerShell"):
        lacks({"powershell": version})


@pytest.mark.parametrize("build", ["9" * 5000, "²", "-1", ""])
def test_a_build_that_is_none_is_no_lack(build: str) -> None:
    """A build that nobody can compare is unknown, and unknown refuses nothing."""
    assert lacks({}, build=build) == ()


@pytest.mark.parametrize("count", [0, 2])
def test_one_row_is_promised(count: int) -> None:
    """No row, or two, is no answer to a question for one."""
    answered = reply([body("get_host", *[GOOD] * count)])
    with pytest.raises(ReplyError, match="one row was promised"):
        GetHost().host(answered, answered.bodies[0], now=NOW)


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
