"""Replies: JSON to typed rows, and what is no reply."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psrebind.errors import ReplyError, ScriptError
from psrebind.iis_model import RecordKind
from psrebind.model import Thumbprint
from psrebind.replies import Body, parse, read, rows

HEAD = {
    "powershell": "5.1.1",
    "language_mode": "FullLanguage",
    "process_bits": 64,
    "ui_culture": "de-DE",
    "clock": "2026-11-24T01:02:03.1234567Z",
}
BODY = {"operation": "get_host", "rows": [], "warnings": [], "error": None}
ERROR = {
    "message": "no",
    "error_id": "X,Y",
    "category": "ObjectNotFound",
    "exception": "System.Exception",
    "hresult": -2147024894,
    "line": 7,
}
NESTED: Any = 1
for _ in range(300):
    NESTED = [NESTED]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@dataclass(frozen=True)
class Inner:
    """A row within a row."""

    thumbprint: Thumbprint


@dataclass(frozen=True)
class Sample:
    """A row with a field of each kind."""

    text: str
    number: int
    yes: bool
    missing: str | None
    when: datetime
    data: bytes
    kind: RecordKind
    inner: Inner | None
    items: tuple[Inner, ...]
    named: dict[str, bytes]
    anything: dict[str, Any]


GOOD: dict[str, Any] = {
    "text": "ß",
    "number": 7,
    "yes": True,
    "missing": None,
    "when": "2026-11-24T01:02:03.1234567Z",
    "data": "AAE=",
    "kind": "ccs",
    "inner": {"thumbprint": "ab" * 20},
    "items": [{"thumbprint": "cd" * 20}],
    "named": {"a": [1, 255]},
    "anything": {"x": [1, {}]},
}


def test_a_reply_is_read() -> None:
    """Head, clock and bodies come out typed."""
    reply = parse(json.dumps(HEAD | {"bodies": [BODY]}))
    assert reply.clock == datetime(2026, 11, 24, 1, 2, 3, 123456, tzinfo=UTC)
    assert [body.operation for body in reply.bodies] == ["get_host"]


def test_a_row_is_read() -> None:
    """Every kind of field is read; bytes come as base64 or as a list of numbers."""
    assert read(Sample, GOOD, "x") == Sample(
        "ß",
        7,
        True,
        None,
        datetime(2026, 11, 24, 1, 2, 3, 123456, tzinfo=UTC),
        b"\x00\x01",
        RecordKind.CCS,
        Inner(Thumbprint("AB" * 20)),
        (Inner(Thumbprint("CD" * 20)),),
        {"a": b"\x01\xff"},
        {"x": [1, {}]},
    )


@pytest.mark.parametrize(
    "head",
    [
        {"clock": "0001-01-01T00:00:00+14:00"},
        {"clock": "9999-12-31T23:59:59-14:00"},
        {"process_bits": "64"},
        {"process_bits": [64]},
        {"bodies": [BODY | {"rows": None}]},
        {"bodies": [BODY | {"error": {"message": 1}}]},
        {"bodies": [BODY | {"error": ERROR | {"message": None}}]},
        {"bodies": [BODY | {"error": ERROR | {"hresult": 2**70}}]},
        {"bodies": [BODY | {"rows": {}}]},
        {"bodies": [BODY | {"rows": [[["a", 1]]]}]},
        {"bodies": [BODY | {"warnings": [None]}]},
        {"powershell": {"deep": [["in", "any"]]}},
        {"process_bits": 64.0},
    ],
)
def test_a_head_of_nonsense_is_no_reply(head: dict[str, Any]) -> None:
    """A moment that no calendar has, and numbers that are none, are the host's error."""
    with pytest.raises(ReplyError):
        parse(json.dumps(HEAD | {"bodies": [BODY]} | head))


def test_a_deep_reply_is_no_reply() -> None:
    """Lists within lists without an end are told as what they are."""
    with pytest.raises(ReplyError):
        parse("[" * 100_000)
    deep = json.dumps(HEAD | {"bodies": [BODY | {"rows": [{"a": NESTED}]}]})
    with pytest.raises(ReplyError):
        parse(deep)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": 1},
        {"number": "7"},
        {"number": True},
        {"yes": 1},
        {"when": "yesterday"},
        {"when": "2026-11-24T01:02:03"},
        {"data": "!"},
        {"data": [256]},
        {"kind": "other"},
        {"inner": []},
        {"inner": {"thumbprint": "x"}},
        {"items": {}},
        {"items": [None]},
        {"named": []},
        {"text": None},
        {"more": 1},
        {"number": 10**30},
        {"text": list(range(10_000))},
        {"kind": "x" * 100_000},
    ],
)
def test_a_misfit_names_its_place(wrong: dict[str, Any]) -> None:
    """A field that is not what was promised is named; nothing is guessed."""
    with pytest.raises(ReplyError, match="row"):
        read(Sample, GOOD | wrong, "row")


def test_a_missing_field_is_named() -> None:
    """A row without a promised field is refused."""
    with pytest.raises(ReplyError, match="missing: text"):
        read(Sample, {key: value for key, value in GOOD.items() if key != "text"}, "row")


def test_an_error_is_raised_by_rows() -> None:
    """A body that failed gives its error instead of rows."""
    body = parse(json.dumps(HEAD | {"bodies": [BODY | {"error": ERROR}]})).bodies[0]
    with pytest.raises(ScriptError) as caught:
        rows(body, Sample)
    assert (caught.value.error_id, caught.value.place) == ("X,Y", "line 7")


def test_rows_are_typed() -> None:
    """Each row of a body becomes the promised dataclass."""
    assert rows(Body("x", (GOOD,), (), None), Sample)[0].number == 7


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "Hello", json.dumps(HEAD)])
def test_nonsense_is_no_reply(text: str) -> None:
    """Anything that is not the promised JSON is a ReplyError that shows it."""
    with pytest.raises(ReplyError, match="not a reply"):
        parse(text)


@given(JSON)
def test_any_json_is_read_or_refused(data: Any) -> None:
    """No JSON makes the reader fail in another way."""
    for action in (lambda: parse(json.dumps(data)), lambda: read(Sample, data, "x")):
        with pytest.raises(ReplyError):
            action()


@pytest.mark.parametrize("number", [-2147024894, 0x80070002])
def test_an_hresult_has_no_sign(number: int) -> None:
    """PowerShell gives it as a negative number, the engine without one does not."""
    broken = BODY | {"error": ERROR | {"hresult": number}}
    (body,) = parse(json.dumps(HEAD | {"bodies": [broken]})).bodies
    assert body.error is not None
    assert body.error.hresult == 0x80070002


def test_a_reply_of_millions_of_objects_is_none() -> None:
    """Sixty megabytes of empty objects would be more than a gigabyte here."""
    text = json.dumps({**HEAD, "bodies": []}).replace("[]", f"[{'{},' * 2_000_000}0]")
    with pytest.raises(ReplyError, match="is not a reply"):
        parse(text)
