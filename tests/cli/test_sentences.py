"""What a person is told beside the data: of nothing found, of errors, of what was left alone."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli.command_line import Command, at_a_terminal, on_a_terminal, until_asked
from cli.fifty_hosts import written
from labs import rebind_words, records, restored

from psrebind.lab.stage.lab import Lab, LabHost


@pytest.fixture
def web02(lab: Lab) -> Iterator[LabHost]:
    """A host; as it was, after each test."""
    with restored(lab.hosts["web02"]) as host:
        yield host


@pytest.fixture
def bare(web02: LabHost) -> LabHost:
    """A host without sites."""
    web02.host.change(lambda state: replace(state, sites=(), records=()))
    return web02


def test_no_binding_is_said(as_admin: Command, bare: LabHost) -> None:
    """A table of nothing would look like success without a word; the other forms are data."""
    ran = as_admin("bindings", bare.address)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == f"psrebind: {bare.address}: no HTTPS binding\n"
    ran = as_admin("bindings", bare.address, "-f", "json")
    assert (ran.status, json.loads(ran.out), ran.err) == (0, [], "")


def test_no_binding_is_said_of_one_of_many(
    as_admin: Command, lab: Lab, bare: LabHost, tmp_path: Path
) -> None:
    """Of many hosts it is said whose."""
    path = written(tmp_path, {name: host.address for name, host in lab.hosts.items()}, lab)
    ran = as_admin("bindings", "all", "-i", str(path))
    assert ran.status == 0
    assert "psrebind: web02: no HTTPS binding\n" in ran.err


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_no_certificate_is_said(as_admin: Command, web02: LabHost, form: str) -> None:
    """A store that was asked for and has none, or that is not there, is named."""
    ran = as_admin("certificates", web02.address, "--store", "Nope", "-f", form)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == f"psrebind: {web02.address}: no certificate in Nope\n"
    both = as_admin("certificates", web02.address, "--store", "my", "--store", "Nope", "-f", form)
    assert both.err == ran.err
    assert as_admin("certificates", web02.address, "-f", form).err == ""


def test_no_certificate_at_all_is_said(as_admin: Command, web02: LabHost) -> None:
    """Where no store was named, both are."""
    web02.host.change(lambda state: replace(state, certificates=()))
    ran = as_admin("certificates", web02.address)
    assert ran.err == f"psrebind: {web02.address}: no certificate in My, WebHosting\n"


def test_basic_in_the_clear_names_the_option(psrebind: Command) -> None:
    """Whoever reads it can type it."""
    ran = psrebind("bindings", "web01", "--auth", "basic", "--user", "x")
    assert ran.status == 5
    assert "--allow-basic-without-tls" in ran.err


def test_without_a_user_the_option_is_named(psrebind: Command, web02: LabHost) -> None:
    """This machine has no ticket, and nobody said as whom."""
    ran = psrebind("bindings", web02.address)
    assert ran.status == 4
    assert "--user" in ran.err


def test_an_error_of_the_script_names_the_host(as_admin: Command, web02: LabHost) -> None:
    """The host's own words do not say whose they are."""
    words = ("site=None", "information=*:443:", "kind=ipport", "endpoint=0.0.0.0:443")
    more = ("expected=null", f"thumbprint={'a' * 40}", "-y")
    ran = as_admin("invoke", "set_iis_binding", web02.address, *words, *more)
    assert ran.status == 2
    assert ran.err.startswith(f"psrebind: {web02.address}: ")


def test_refused_bindings_are_counted_at_the_end(as_admin: Command, lab: Lab) -> None:
    """What was left alone is not forgotten over what was changed."""
    with restored(lab.hosts["web01"]) as host:
        ran = as_admin(*rebind_words(lab, host))
    assert ran.status == 3
    told = "3 bindings changed, 1 refused: *:8443:legacy.example of Legacy (loses-name)"
    assert f"psrebind: {host.address}: {told}" in ran.err


def test_ctrl_c_at_the_question(lab: Lab, web02: LabHost, tmp_path: Path) -> None:
    """That nothing was changed stands on a line of its own."""
    before = records(web02)
    environment = {"PSREBIND_PASSWORD": lab.password, "PSREBIND_BEFORE_FOLDER": str(tmp_path)}
    words = rebind_words(lab, web02, "--user", lab.user, yes=False)
    with at_a_terminal(words, environment) as (process, _):
        assert process.stderr
        until_asked(process.stderr)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said == "\npsrebind: nothing was changed\npsrebind: interrupted\n"
    assert records(web02) == before


def test_the_end_of_input_at_the_question(lab: Lab, web02: LabHost, tmp_path: Path) -> None:
    """Ctrl-D is no, and what is said then does not stand behind the question."""
    environment = {"PSREBIND_PASSWORD": lab.password, "PSREBIND_BEFORE_FOLDER": str(tmp_path)}
    words = rebind_words(lab, web02, "--user", lab.user, yes=False)
    ran = on_a_terminal(words, environment, b"\x04")
    assert ran.status == 3
    assert "[y/N] \npsrebind: nothing was changed\n" in ran.err
