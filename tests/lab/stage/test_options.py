"""Assumptions and faults as a person writes them."""

from __future__ import annotations

import pytest

from psrebind.errors import InvalidInput
from psrebind.lab.stage.options import ArmedFault, Assumed, assumption, fault

HOSTS = ("web01", "web02")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("add_resets_options=false", False),
        ("add_resets_options=True", True),
        ("gap_milliseconds=250", 250),
        ("missing_certificate_hresult=0x80070520", 0x80070520),
        ("appcmd_exit_status_on_error=null", None),
        ("appcmd_exit_status_on_error=3", 3),
    ],
)
def test_an_assumption_is_a_name_and_a_value_of_its_type(text: str, value: object) -> None:
    """Booleans, numbers in any base and null are read as what the assumption holds."""
    assert assumption(text) == Assumed(name=text.partition("=")[0], value=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense=true", "is not an assumption's NAME=VALUE; there are: add_ssl_certificate_"),
        ("gap_milliseconds", "is not an assumption's NAME=VALUE"),
        ("__class__=1", "is not an assumption's NAME=VALUE"),
        ("add_resets_options=1", "add_resets_options is true or false, not '1'"),
        ("gap_milliseconds=true", "gap_milliseconds is a number, not 'true'"),
        ("gap_milliseconds=null", "gap_milliseconds is a number, not 'null'"),
        ("gap_milliseconds=", "gap_milliseconds is a number, not ''"),
    ],
)
def test_a_wrong_assumption_is_refused_with_what_is_right(text: str, sentence: str) -> None:
    """A name that no host has, or a value of another type, is one sentence."""
    with pytest.raises(InvalidInput, match=sentence):
        assumption(text)


@pytest.mark.parametrize(
    ("text", "command", "kind"),
    [
        ("web01:netsh http update=fail", "netsh http update", "fail"),
        ("web01:binding.AddSslCertificate=nothing", "binding.AddSslCertificate", "nothing"),
        ("web01:appcmd renew=slow:0.5", "appcmd renew", {"slow": 0.5}),
    ],
)
def test_a_fault_is_a_command_of_a_host_and_what_it_does(
    text: str, command: str, kind: object
) -> None:
    """Commands of the model and beginnings of a program's line can fail, do nothing or be slow."""
    assert fault(text, HOSTS) == ArmedFault(host="web01", command=command, fault=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("netsh=fail", "is not HOST:COMMAND=KIND"),
        ("web01:netsh", "is not HOST:COMMAND=KIND"),
        ("web09:netsh=fail", "the lab has no host 'web09'; there are: web01, web02"),
        ("web01:nesth http=fail", "the lab's hosts have no command 'nesth http'"),
        ("web01:netsh=explode", "a fault is nothing, fail or slow:SECONDS, not 'explode'"),
        ("web01:netsh=slow:x", "a fault is nothing, fail or slow:SECONDS, not 'slow:x'"),
        ("web01:netsh=slow:nan", "a fault is nothing, fail or slow:SECONDS, not 'slow:nan'"),
        ("web01:netsh=slow:inf", "a fault is nothing, fail or slow:SECONDS, not 'slow:inf'"),
    ],
)
def test_a_fault_that_could_never_happen_is_refused(text: str, sentence: str) -> None:
    """A misspelt host, command or kind is one sentence, not a fault that never comes."""
    with pytest.raises(InvalidInput, match=sentence):
        fault(text, HOSTS)
