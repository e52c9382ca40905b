"""What goes to a host as one script, and what comes back of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fakes import FakeSession

from psrebind.errors import ConnectError, ReplyError, ScriptError
from psrebind.iis_model import BindingInfo, RecordKind
from psrebind.model import Secret, Thumbprint
from psrebind.operations import Query, Renderer, ScriptRunner
from psrebind.operations.get_certificate import CertificateBlob, GetCertificate
from psrebind.operations.get_host import GetHost
from psrebind.operations.register_rebind_task import RegisterRebindTask
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.replies import Body, Reply
from psrebind.sessions.base import Limits, StreamRecord
from psrebind.templates import Library

BLOB = {"store": "My", "thumbprint": "AB" * 20, "blob": None}
CERTIFICATES = Body("get_certificate", (BLOB,), ("slow",), None)
CHANGE = SetIisBinding(
    site="Shop",
    information=BindingInfo("*:443:"),
    kind=RecordKind.IP,
    endpoint="0.0.0.0:443",
    expected=None,
    thumbprint=Thumbprint("AB" * 20),
)


def session(*bodies: Body) -> FakeSession:
    """A host that always gives these answers."""
    reply = Reply("5.1", "FullLanguage", 64, "de-DE", datetime.now(UTC), bodies)
    return FakeSession(lambda _: reply)


def test_a_row_is_typed() -> None:
    """One operation alone gives the row that it promises."""
    found = ScriptRunner(session(CERTIFICATES)).row(GetCertificate())
    assert found == CertificateBlob("My", "AB" * 20, None)


def test_other_operations_are_no_answer() -> None:
    """A reply to something else is refused."""
    with pytest.raises(ReplyError, match="web01 answered other operations than get_host"):
        ScriptRunner(session(CERTIFICATES)).run([GetHost()])


def test_an_error_names_its_template() -> None:
    """The line of the script in an error becomes the template's and its line."""
    error = ScriptError("no", place="line 1")
    runner = ScriptRunner(session(Body("get_host", (), (), error)))
    with pytest.raises(ScriptError, match=r"_envelope:1"):
        runner.row(GetHost())


def test_what_many_hosts_get_is_rendered_once() -> None:
    """Hosts that share a renderer get the very same script, whatever came in between."""
    renderer = Renderer()
    asked: list[Any] = [GetHost(), RegisterRebindTask()]
    first = renderer.script(asked)
    assert renderer.script([CHANGE]) is not first
    assert renderer.script([GetHost(), RegisterRebindTask()]) is first
    assert renderer.script([GetHost(), RegisterRebindTask(force=True)]) is not first


def test_a_value_of_one_host_is_not_taken_for_anothers() -> None:
    """Values of whatever type are not compared: True equals 1, and is another literal."""
    renderer = Renderer()
    scripts = [renderer.script([replace(CHANGE, values={"x": value})]) for value in (True, 1)]
    assert "'x' = $true" in scripts[0].text
    assert "'x' = 1" in scripts[1].text


def test_each_secret_is_its_own(tmp_path: Path) -> None:
    """Two passwords look alike, and are two questions."""

    @dataclass(frozen=True, kw_only=True)
    class SayWord(Query[CertificateBlob]):
        """Say a word."""

        word: Secret

    (tmp_path / "say_word.ps1.j2").write_text("$Word = {{ word }}\n")
    renderer = Renderer(Library([tmp_path]))
    found = [renderer.script([SayWord(word=Secret(text))]) for text in ("once", "twice")]
    assert [one.secrets["0.word"].reveal() for one in found] == ["once", "twice"]


def test_stages_and_warnings_are_told() -> None:
    """Whoever hears the streams is told what is done, what was warned of, and notices."""
    heard: list[StreamRecord] = []
    runner = ScriptRunner(session(CERTIFICATES), on_stream=heard.append)
    runner.run([GetCertificate()])
    runner.notice("look here")
    assert heard == [
        StreamRecord("stage", "reading"),
        StreamRecord("stage", ""),
        StreamRecord("warning", "get_certificate: slow"),
        StreamRecord("notice", "look here"),
    ]


def test_no_change_is_asked_about_without_time() -> None:
    """Where a change would not be sent any more, that is said at once."""
    limits = Limits(cancelled=Event())
    runner = ScriptRunner(session(), limits=limits)
    runner.require_time()
    limits.cancelled.set()
    for one, name in ((runner, "web01"), (replace(runner, name="my web"), "my web")):
        with pytest.raises(ConnectError, match=f"^{name}: cancelled before a change was sent"):
            one.require_time()
