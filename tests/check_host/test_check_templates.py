"""The contract of a check's own templates: what they may touch, by the lists of all others."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest
from operations import test_catalogue as contract
from syntax import Syntax, parse

from psrebind.check_host.operations import (
    TEMPLATES,
    GetCheckKey,
    GetCheckWatch,
    InvokeCheckAppcmd,
    NewCheckCertificate,
    NewCheckSite,
    RegisterCheckTask,
    RemoveCheckSite,
    SetCheckCertificate,
    SetCheckRecord,
    library,
)
from psrebind.iis_model import BindingInfo, RecordKind
from psrebind.model import Thumbprint
from psrebind.operations import Operation, render

SAMPLES: dict[str, Operation[Any]] = {
    sample.name(): sample
    for sample in (
        GetCheckKey(),
        GetCheckWatch(endpoint="0.0.0.0:47443", seconds=5, awaited=2),
        InvokeCheckAppcmd(old=Thumbprint("0a" * 20), new=Thumbprint("1b" * 20)),
        NewCheckCertificate(),
        NewCheckSite(port=47443, flagged_port=47444),
        RegisterCheckTask(xml="<Task />"),
        RemoveCheckSite(),
        SetCheckCertificate(
            information=BindingInfo("*:47443:"),
            kind=RecordKind.IP,
            endpoint="0.0.0.0:47443",
            method="AddSslCertificate",
            thumbprint=Thumbprint("0a" * 20),
        ),
        SetCheckRecord(kind=RecordKind.IP, endpoint="0.0.0.0:47443", verb="delete"),
    )
}
# What these touch beyond the others; nothing of it is used by psrebind itself.
MORE_METHODS = {"RebindSslCertificate", "RemoveSslCertificate", "AddSeconds"}


@pytest.fixture(scope="module")
def rendered(pwsh: Path) -> dict[str, Syntax]:
    """Every script of a check as a host would get it."""
    return parse(pwsh, {name: script(name) for name in SAMPLES})


def script(name: str) -> str:
    """One script as a host would get it."""
    return render([SAMPLES[name]], library()).text


def test_no_orphans() -> None:
    """Each template has its operation, and each operation its template."""
    found = {path.name.removesuffix(".ps1.j2") for path in TEMPLATES.iterdir()}
    assert found == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_template_says_what_its_operation_says(name: str) -> None:
    """Fields are variables, the sentence is one, lines are short, the script is ASCII."""
    template, kind = library().template(name), type(SAMPLES[name])
    assert sorted(template.variables) == sorted(field.name for field in fields(kind))
    assert not contract.FRAME_NAMES & set(template.variables)
    assert template.synopsis == kind.__doc__
    assert max(len(line) for line in template.lines) <= 100
    assert len(template.lines) <= 80
    assert script(name).isascii()


@pytest.mark.engine
@pytest.mark.parametrize("name", SAMPLES)
def test_a_script_is_for_every_windows_claimed(name: str, rendered: dict[str, Syntax]) -> None:
    """It parses in 5.1, and its commands and parameters are those of 2012 R2 up to 2025."""
    syntax = rendered[name]
    assert (syntax.errors, syntax.later, syntax.five) == ((), (), ())
    contract.test_commands_exist_on_every_windows_claimed(name, rendered)


@pytest.mark.engine
@pytest.mark.parametrize("name", SAMPLES)
def test_a_script_touches_what_is_listed(name: str, rendered: dict[str, Syntax]) -> None:
    """Members and programs are on the lists; a query has reading verbs."""
    for member in rendered[name].members:
        if member.static:
            assert (member.type, member.name) in contract.STATIC_MEMBERS, member
        elif member.invoked:
            assert member.name in contract.INSTANCE_METHODS | MORE_METHODS, member
    for line, words in contract.native_calls(rendered[name], script(name)):
        known = cast("dict[tuple[str, ...], bool]", contract.PROGRAMS[contract.program(line)])
        assert any(words[: len(one)] == one for one in known), line
    if SAMPLES[name].effect == "query":
        own = contract.body_lines(script(name))
        verbs = {
            one.name.partition("-")[0]
            for one in rendered[name].commands
            if one.line in own and one.name
        }
        assert verbs <= contract.READING_VERBS | {"Write"}
