"""The state before a change that stands in no plan, and what a rebind makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from answers import body
from certificates import make
from observations import observed, record, renewal, state, stored

from psrebind.decode.records import RawRecord
from psrebind.iis_model import BindingInfo, RecordKind
from psrebind.operations.base import Change
from psrebind.operations.invoke_iis_renewal import IisRenewal, InvokeIisRenewal
from psrebind.operations.register_rebind_task import RegisterRebindTask
from psrebind.operations.set_iis_binding import BindingChange, SetIisBinding
from psrebind.rebind.before_file import states_before, write_reading, write_reading_end
from psrebind.rebind.history import unfinished
from psrebind.rebind.plan import plan
from psrebind.services.observation import Observation
from psrebind.services.steps import Step

OLD, NEW = make("a.example"), make("a.example")
SNI = "*:443:a.example 1"
WHOLE = record("a.example:443", OLD, DefaultFlags=2)
STRIPPED = record("a.example:443", NEW)
BEFORE = body("get_iis_binding", state([SNI], [WHOLE, record("b.example:443", make())]))
BY_BINDING = SetIisBinding(
    site="A",
    information=BindingInfo("*:443:a.example"),
    kind=RecordKind.SNI,
    endpoint="A.example:443",
    expected=OLD.thumbprint,
    thumbprint=NEW.thumbprint,
)
CHANGES = [BY_BINDING, InvokeIisRenewal(old=OLD.thumbprint, new=NEW.thumbprint)]
either = pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.name())


def seen(records: Sequence[RawRecord]) -> Observation:
    """The host with these records."""
    return observed([SNI], records, [stored(OLD), stored(NEW)])


def repairs(folder: Path, records: Sequence[RawRecord]) -> tuple[Step, ...]:
    """What a rebind plans on the host with these records."""
    return plan(seen(records), renewal(OLD, NEW), states_before("web01", folder)).steps


def answer(change: Change[Any], *lost: str) -> list[Any]:
    """The row of a change, with what it says that it lost."""
    if isinstance(change, InvokeIisRenewal):
        return [IisRenewal(0, (), (WHOLE,), (STRIPPED,), lost, True)]
    information = BindingInfo("*:443:a.example")
    return [BindingChange("A", information, 1, WHOLE, STRIPPED, lost, True)]


@either
@pytest.mark.parametrize("records", [[], [STRIPPED]], ids=["gone", "stripped"])
def test_a_rebind_repairs_from_it(
    tmp_path: Path, change: Change[Any], records: list[RawRecord]
) -> None:
    """The record is kept alone of all, and what the change took from it a rebind puts back."""
    assert repairs(tmp_path, records) == ()
    write_reading("web01", change, BEFORE, folder=tmp_path)
    (kept,) = states_before("web01", tmp_path).values()
    assert (kept.state, kept.ended) == (WHOLE.record, False)
    (step,) = repairs(tmp_path, records)
    assert step.repair
    assert step.state.values == {"DefaultFlags": 2}


@either
def test_the_end_is_written(tmp_path: Path, change: Change[Any]) -> None:
    """After a success nothing is left unfinished; after a loss, or without a row, it is."""
    path = write_reading("web01", change, BEFORE, folder=tmp_path)
    for rows, ended in (
        ([], False),
        (answer(change, "DefaultFlags"), False),
        (answer(change), True),
    ):
        write_reading_end("web01", change, BEFORE, rows, path)
        history = states_before("web01", tmp_path)
        assert [one.ended for one in history.values()] == [ended]
        left = list(unfinished(seen([STRIPPED]), history))
        assert [place.name for place, _ in left] == ([] if ended else ["*:443:a.example of A"])


def test_a_change_of_no_certificate(tmp_path: Path) -> None:
    """A change of something else keeps what was read, has no state of a place, and no end."""
    change = RegisterRebindTask()
    read = body("get_rebind_task")
    path = write_reading("web01", change, read, folder=tmp_path)
    text = path.read_text("ascii")
    write_reading_end("web01", change, read, [], path)
    assert path.read_text("ascii") == text
    assert states_before("web01", tmp_path) == {}
