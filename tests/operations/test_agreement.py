"""Both engines agree on every operation: rows, errors, and the state they leave behind."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from labs import connect, network
from operations.changes import bindings, pair, setting

from psrebind.lab.runtime import Lab
from psrebind.model import Thumbprint
from psrebind.operations import Operation, names, run
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal

HOSTS = ("web01", "web02", "web03")
READING = (GetHost(), GetCertificate(), GetIisBinding())


@pytest.fixture(scope="module")
def twins(pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders with one lab's state: the engines take turns on its addresses."""
    first = tmp_path_factory.mktemp("lab") / "model"
    Lab.create(first, network=network())
    second = first.with_name("pwsh")
    shutil.copytree(first, second)
    return [first, second]


def story(lab: Lab, host: str) -> list[Operation[Any]]:
    """What is done on a host: look, change, change again, fail, renew by appcmd, look."""
    old, new = pair(lab, host)
    with connect(lab, host) as session:
        found = list(bindings(session).values())
    changes = [setting(one, new) for one in found[:2]]
    wrong = replace(changes[0], expected=Thumbprint("0" * 40), thumbprint=Thumbprint("1" * 40))
    absent = replace(changes[0], site="Nowhere")
    appcmd = InvokeIisRenewal(old=old, new=new)
    return [*changes, *changes, wrong, absent, appcmd, appcmd]


def answers(folder: Path, engine: Path | None) -> dict[str, Any]:
    """Everything that every host says to its story, and its state at the end."""
    found: dict[str, Any] = {}
    with Lab.open(folder, engine).running() as lab:
        for host in HOSTS:
            with connect(lab, host) as session:
                reply = run([*READING, *story(lab, host), *READING], session)
            found[host] = [
                (body.operation, _plain(body.rows), body.error and _error(body.error))
                for body in reply.bodies
            ]
            found[f"{host} state"] = lab.scenario.hosts[host].state
            # The engine's version is the one that runs: a PowerShell 7 here, 5.1 in the model.
            found[f"{host} head"] = (reply.language_mode, reply.process_bits, reply.ui_culture)
    return found


def _plain(rows: Any) -> Any:
    # A hashtable has no order; a list has.
    return [dict(sorted(row.items())) for row in rows]


def _error(error: Any) -> tuple[str, int | None]:
    # The innermost exception; a script's own throw has the runtime's number in .NET only.
    return error.message, error.hresult if error.exception.endswith("COMException") else None


@pytest.mark.engine
def test_the_engines_agree(twins: list[Path], pwsh: Path) -> None:
    """Rows, errors and states are the same with and without a PowerShell."""
    model, real = answers(twins[0], None), answers(twins[1], pwsh)
    for key, found in model.items():
        assert real[key] == found, key


def test_the_story_has_every_operation(tmp_path: Path) -> None:
    """The comparison above leaves no operation out."""
    with Lab.create(tmp_path, network=network()).running() as lab:
        told = {one.name() for one in [*READING, *story(lab, "web01")]}
    assert told == set(names())
