"""Prepare and apply on a host that is a function: what is sent, and how answers are judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answers import body, reply
from certificates import Made, blob, make
from fakes import FakeSession
from observations import record, renewal, state
from tls_server import TlsServer, tls_server

from psrebind.decode.records import RawRecord
from psrebind.errors import InvalidInput, ReplyError, ScriptError, SessionLost
from psrebind.iis_model import BindingInfo
from psrebind.model import Renewal
from psrebind.operations.get_certificate import CertificateBlob
from psrebind.operations.get_host import HostFacts
from psrebind.operations.invoke_iis_renewal import IisRenewal
from psrebind.operations.runner import ScriptRunner
from psrebind.operations.set_iis_binding import BindingChange
from psrebind.rebind.observe import observe
from psrebind.rebind.options import Method, RebindOptions
from psrebind.rebind.outcome import Outcome
from psrebind.rebind.run import Applied, Prepared, apply, prepare
from psrebind.rebind.verify import Verdict
from psrebind.replies import Body, Reply
from psrebind.script import Script
from psrebind.sessions.base import Limits, StreamRecord

OLD, NEW = make("a.example", "b.example"), make("a.example", "b.example")
POOR = make("a.example")
FACTS = HostFacts("web01", "", "Windows", "20348", 1, "10.0", True, "RemoteSigned", False, ())
BLOBS = [CertificateBlob("My", made.thumbprint, blob(made)) for made in (OLD, NEW, POOR)]
NAMES = ("a.example", "b.example")


class Bench:
    """A host with SNI bindings for two names; ``port`` 1 is a port where nobody listens."""

    def __init__(self, port: int = 1) -> None:
        self.port = port
        self.changes: Callable[[Script], Reply] = lambda script: self.changed()
        self.session = FakeSession(self._answer)
        self.heard: list[StreamRecord] = []

    def record(self, name: str, made: Made, store: str = "My", **values: Any) -> RawRecord:
        """The record of one name."""
        return record(f"{name}:{self.port}", made, store, **values)

    def bindings(self, *held: Made) -> Body:
        """The answer about bindings, with one certificate for each name."""
        texts = [f"*:{self.port}:{name} 1" for name in NAMES[: len(held)]]
        records = [self.record(name, made) for name, made in zip(NAMES, held, strict=False)]
        return body("get_iis_binding", state(texts, records))

    def row(self, name: str, after: RawRecord | None = None, **changes: Any) -> Body:
        """The answer of one change, that it worked unless something else is given."""
        found = BindingChange(
            site="A",
            information=BindingInfo(f"*:{self.port}:{name}"),
            flags=1,
            before=self.record(name, OLD),
            after=after or self.record(name, NEW),
            lost=(),
            changed=True,
        )
        return body("set_iis_binding", replace(found, **changes))

    def changed(self, *rows: Body, now: Sequence[Made] = (NEW, NEW)) -> Reply:
        """The answer of a whole change."""
        return reply([*(rows or (self.row(name) for name in NAMES)), self.bindings(*now)])

    def prepared(self, method: Method = Method.BINDING) -> Prepared:
        """Prepare OLD to NEW."""
        return replace(self.planned(renewal(OLD, NEW), method), patience=0.0)

    def planned(self, wanted: Renewal, method: Method = Method.BINDING) -> Prepared:
        """Prepare any renewal."""
        options = RebindOptions(method=method, before_folder=Path("nowhere"))
        return prepare(self.runner, wanted, options, observe(self.runner))

    @property
    def runner(self) -> ScriptRunner:
        """What sends to the host."""
        return ScriptRunner(self.session, address="127.0.0.1", on_stream=self.heard.append)

    def apply(self, prepared: Prepared, folder: Path, limits: Limits | None = None) -> Applied:
        """Apply a plan."""
        runner = replace(self.runner, limits=limits or Limits())
        return apply(runner, prepared, RebindOptions(before_folder=folder))

    def applied(self, folder: Path, method: Method = Method.BINDING) -> Applied:
        """Prepare and apply."""
        return self.apply(self.prepared(method), folder)

    def _answer(self, script: Script) -> Reply:
        if len(self.session.scripts) > 1:
            return self.changes(script)
        facts = replace(body("get_host", FACTS), warnings=("odd facts",))
        first = facts, body("get_certificate", *BLOBS)
        return reply([*first, self.bindings(OLD, OLD)])


def failed(found: Applied) -> list[str]:
    """The sites whose steps failed."""
    assert found.outcome is (Outcome.FAILED if any(s.failed for s in found.steps) else None)
    return [result.step.places[0].site for result in found.steps if result.failed]


def test_two_pipelines(tmp_path: Path) -> None:
    """Any number of bindings are two pipelines, and all of them change."""
    bench = Bench()
    found = bench.applied(tmp_path)
    assert len(bench.session.scripts) == 2
    assert bench.session.scripts[1].text.count("$Operation = 'set_iis_binding'") == 2
    assert (found.outcome, found.exit_status) == (Outcome.CHANGED, 0)
    assert [result.changed for result in found.steps] == [True, True]
    assert {result.verdict for result in found.steps} == {Verdict.UNVERIFIED}


def test_warnings_are_heard(tmp_path: Path) -> None:
    """What a body warns of, while reading and while changing, is heard once."""
    bench = Bench()
    odd = replace(bench.row("a.example"), warnings=("careful",))
    bench.changes = lambda script: bench.changed(odd, bench.row("b.example"))
    bench.applied(tmp_path)
    assert [one.text for one in bench.heard if one.stream == "warning"] == [
        "get_host: odd facts",
        "set_iis_binding: careful",
    ]


def test_before_file_is_first(tmp_path: Path) -> None:
    """The state before is on disk when the change is sent."""
    bench = Bench()

    def look(script: Script) -> Reply:
        (path,) = tmp_path.iterdir()
        assert [json.loads(line)["host"] for line in path.read_text().splitlines()] == [
            "web01",
            "web01",
        ]
        return bench.changed()

    bench.changes = look
    assert bench.applied(tmp_path).before_file in list(tmp_path.iterdir())


def test_unwritable_folder(tmp_path: Path) -> None:
    """Without a state before on disk nothing is sent."""
    bench = Bench()
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(InvalidInput):
        bench.applied(place)
    assert len(bench.session.scripts) == 1


def test_nothing_to_do(tmp_path: Path) -> None:
    """A plan without steps sends nothing and writes nothing."""
    bench = Bench()
    prepared = bench.planned(renewal(NEW, OLD))
    found = bench.apply(prepared, tmp_path)
    assert (found.outcome, found.exit_status, found.before_file) == (Outcome.UNCHANGED, 0, None)
    assert len(bench.session.scripts) == 1
    assert list(tmp_path.iterdir()) == []


def test_stages(tmp_path: Path) -> None:
    """A person who waits is told where it is, and where the state before lies."""
    bench = Bench()
    prepared = bench.prepared()
    bench.heard.clear()
    found = bench.apply(prepared, tmp_path)
    assert [(one.stream, one.text) for one in bench.heard if one.stream != "warning"] == [
        ("saved", str(found.before_file)),
        ("stage", "changing"),
        ("stage", ""),
        ("stage", "verifying"),
    ]


@pytest.mark.parametrize(
    ("after", "wanted"),
    [((OLD, "My"), OLD.thumbprint), ((NEW, "WebHosting"), "WebHosting")],
    ids=["old-certificate", "other-store"],
)
def test_silent_failure(tmp_path: Path, after: tuple[Made, str], wanted: str) -> None:
    """A change that says yes and did another thing has failed; the others stand."""
    bench = Bench()
    odd = bench.row("a.example", bench.record("a.example", *after))
    bench.changes = lambda script: bench.changed(odd, bench.row("b.example"))
    found = bench.applied(tmp_path)
    assert failed(found) == ["A"]
    assert wanted in (found.steps[0].error or "")
    assert found.exit_status == 2


def test_store_in_another_spelling(tmp_path: Path) -> None:
    """MY is My."""
    bench = Bench()
    row = bench.row("a.example", bench.record("a.example", NEW, "MY"))
    bench.changes = lambda script: bench.changed(row, bench.row("b.example"))
    assert bench.applied(tmp_path).outcome is Outcome.CHANGED


def test_unchanged(tmp_path: Path) -> None:
    """What somebody else has already done is unchanged, not changed."""
    bench = Bench()
    rows = [bench.row(n, before=bench.record(n, NEW), changed=False) for n in NAMES]
    bench.changes = lambda script: bench.changed(*rows)
    assert bench.applied(tmp_path).outcome is Outcome.UNCHANGED


def test_lost_options_said(tmp_path: Path) -> None:
    """An option that the host says it could not put back fails the step by name."""
    bench = Bench()
    odd = bench.row("a.example", lost=("DefaultFlags",))
    bench.changes = lambda script: bench.changed(odd, bench.row("b.example"))
    found = bench.applied(tmp_path)
    assert failed(found) == ["A"]
    assert found.steps[0].lost == ("DefaultFlags",)


def test_lost_options_seen(tmp_path: Path) -> None:
    """An option that is not as it was fails the step, whatever the host says."""
    bench = Bench()
    before = bench.record("a.example", OLD, DefaultFlags=2, DefaultSslCtlStoreName="Own")
    after = replace(bench.record("a.example", NEW, DefaultFlags=0), binary={})
    odd = bench.row("a.example", after, before=before)
    bench.changes = lambda script: bench.changed(odd, bench.row("b.example"))
    found = bench.applied(tmp_path)
    assert found.steps[0].lost == ("DefaultFlags", "DefaultSslCtlStoreName", "AppId")
    assert failed(found) == ["A"]


def test_one_error(tmp_path: Path) -> None:
    """An error of one change fails its step; the others stand."""
    bench = Bench()
    odd = body("set_iis_binding", error=ScriptError("in use", hresult=0x80070020))
    bench.changes = lambda script: bench.changed(odd, bench.row("b.example"))
    found = bench.applied(tmp_path)
    assert failed(found) == ["A"]
    assert found.steps[0].error == "in use (0x80070020)"
    assert found.steps[1].changed


@pytest.mark.parametrize("rows", [0, 2])
def test_other_number_of_rows(tmp_path: Path, rows: int) -> None:
    """A change answers one row, or has failed."""
    bench = Bench()
    one = bench.row("a.example")
    odd = replace(one, rows=one.rows * rows)
    bench.changes = lambda script: bench.changed(odd, bench.row("b.example"))
    assert failed(bench.applied(tmp_path)) == ["A"]


def test_row_that_does_not_fit(tmp_path: Path) -> None:
    """A row that is not what was promised fails its step alone."""
    bench = Bench()
    odd = Body("set_iis_binding", ({"surprise": 1},), (), None)
    bench.changes = lambda script: bench.changed(odd, bench.row("b.example"))
    assert failed(bench.applied(tmp_path)) == ["A"]


def test_undone_by_a_later_one(tmp_path: Path) -> None:
    """A binding that has another certificate when all is done has failed, whatever its row said."""
    bench = Bench()
    bench.changes = lambda script: bench.changed(now=(NEW, OLD))
    found = bench.applied(tmp_path)
    assert failed(found) == ["B"]
    assert "at the end of the run" in (found.steps[1].error or "")


def test_read_back_that_fails(tmp_path: Path) -> None:
    """When the last look fails, the changes stand by their own read-back."""
    bench = Bench()
    last = body("get_iis_binding", error=ScriptError("in use"))
    bench.changes = lambda script: reply([*(bench.row(name) for name in NAMES), last])
    assert bench.applied(tmp_path).outcome is Outcome.CHANGED


@pytest.mark.parametrize(
    ("identity", "wanted"),
    [
        ("psrebind.Busy", "busy"),
        ("psrebind.LanguageMode", "busy"),
        ("psrebind.MissingModule,WebAdministration", "Web-Scripting-Tools"),
    ],
)
def test_obstacle(tmp_path: Path, identity: str, wanted: str) -> None:
    """What stops every change is said once."""
    bench = Bench()
    odd = body("set_iis_binding", error=ScriptError("busy", error_id=identity))
    bench.changes = lambda script: bench.changed(odd, odd)
    found = bench.applied(tmp_path)
    assert wanted in (found.obstacle or "")
    assert (found.steps, found.outcome) == ((), Outcome.FAILED)


def test_session_lost(tmp_path: Path) -> None:
    """A loss says where the state before lies, how to look, and how to finish."""
    bench = Bench()

    def lose(script: Script) -> Reply:
        raise SessionLost("web01", "the connection was cut", advice="Whether it ran is unknown")

    bench.changes = lose
    with pytest.raises(SessionLost) as caught:
        bench.applied(tmp_path)
    (path,) = tmp_path.iterdir()
    for part in ("Whether it ran is unknown", str(path), "psrebind bindings web01", "run the same"):
        assert part in str(caught.value)


def test_no_reply(tmp_path: Path) -> None:
    """An answer that is none says where the state before lies."""
    bench = Bench()
    bench.changes = lambda script: reply([bench.row("a.example")])
    with pytest.raises(ReplyError) as caught:
        bench.applied(tmp_path)
    assert str(next(tmp_path.iterdir())) in str(caught.value)


def changing(bench: Bench, server: TlsServer, made: Made | None) -> Callable[[Script], Reply]:
    """Answer that all worked, and let clients see another certificate, or nothing."""

    def answer(script: Script) -> Reply:
        if made:
            server.made = made
        else:
            server.close()
        return bench.changed()

    return answer


@pytest.mark.parametrize(
    ("made", "wanted", "status"),
    [
        (NEW, Verdict.VERIFIED, 0),
        (OLD, Verdict.PENDING, 3),
        (make("a.example"), Verdict.BROKEN, 2),
        (None, Verdict.BROKEN, 2),
    ],
)
def test_what_clients_see(tmp_path: Path, made: Made | None, wanted: Verdict, status: int) -> None:
    """The verdict of a real handshake stands beside the configuration, and in the status."""
    with tls_server(OLD) as server:
        bench = Bench(server.port)
        bench.changes = changing(bench, server, made)
        found = bench.applied(tmp_path)
    assert [result.verdict for result in found.steps] == [wanted] * 2
    assert all(result.changed and not result.error for result in found.steps)
    assert found.exit_status == status


def test_what_nobody_had_the_time_to_look_at_needs_a_person(tmp_path: Path) -> None:
    """The change was made in time and clients were not looked at: that is no success yet."""
    with tls_server(OLD) as server:
        bench = Bench(server.port)
        prepared = bench.prepared()
        limits = Limits()

        def in_time(script: Script) -> Reply:
            limits.cancelled.set()
            return bench.changed()

        bench.changes = in_time
        found = bench.apply(prepared, tmp_path, limits)
    assert all(result.changed and not result.error for result in found.steps)
    assert [result.verdict for result in found.steps] == [Verdict.UNVERIFIED] * 2
    assert found.exit_status == 3


def renewed(bench: Bench, held: Sequence[Made], **changes: Any) -> Callable[[Script], Reply]:
    """Answer as appcmd did, with these certificates on the two names."""
    row = IisRenewal(
        exit=0,
        output=("said",),
        before=tuple(bench.record(name, OLD) for name in NAMES),
        after=tuple(bench.record(n, made) for n, made in zip(NAMES, held, strict=True)),
        lost=(),
        changed=True,
    )
    answer = body("invoke_iis_renewal", replace(row, **changes))
    return lambda script: bench.changed(answer, now=held)


def test_appcmd(tmp_path: Path) -> None:
    """All records change by one operation."""
    bench = Bench()
    bench.changes = renewed(bench, (NEW, NEW))
    found = bench.applied(tmp_path, Method.APPCMD)
    assert bench.session.scripts[1].text.count("$Operation = 'invoke_iis_renewal'") == 1
    assert (found.outcome, [one.changed for one in found.steps]) == (Outcome.CHANGED, [True] * 2)
    assert found.remarks == ()


def test_appcmd_passes_over(tmp_path: Path) -> None:
    """A binding that appcmd passed over without a word has failed, and is named."""
    bench = Bench()
    bench.changes = renewed(bench, (NEW, OLD))
    found = bench.applied(tmp_path, Method.APPCMD)
    assert failed(found) == ["B"]
    assert "in silence" in (found.steps[1].error or "")


def test_appcmd_stops(tmp_path: Path) -> None:
    """The first error of appcmd ends its walk: what is done stays, the rest has failed."""
    bench = Bench()
    bench.changes = renewed(bench, (NEW, OLD), exit=1312)
    found = bench.applied(tmp_path, Method.APPCMD)
    assert failed(found) == ["B"]
    assert "1312" in (found.steps[1].error or "")
    assert found.remarks == ("appcmd ended with 1312: said",)


def test_appcmd_loses_options(tmp_path: Path) -> None:
    """A lost option fails the step of its record alone."""
    bench = Bench()
    bench.changes = renewed(bench, (NEW, NEW), lost=("hostnameport=b.example:1: DefaultFlags",))
    found = bench.applied(tmp_path, Method.APPCMD)
    assert failed(found) == ["B"]
    assert found.steps[1].lost == ("DefaultFlags",)


def test_appcmd_removes_a_record(tmp_path: Path) -> None:
    """A record that is gone afterwards has failed."""
    bench = Bench()
    bench.changes = renewed(bench, (NEW, NEW), after=(bench.record("a.example", NEW),))
    found = bench.applied(tmp_path, Method.APPCMD)
    assert failed(found) == ["B"]
    assert "is gone" in (found.steps[1].error or "")


def test_appcmd_error(tmp_path: Path) -> None:
    """An error of the one operation fails every step."""
    bench = Bench()
    odd = body("invoke_iis_renewal", error=ScriptError("no appcmd"))
    bench.changes = lambda script: bench.changed(odd, now=(OLD, OLD))
    found = bench.applied(tmp_path, Method.APPCMD)
    assert failed(found) == ["A", "B"]
    assert found.steps[0].error == "no appcmd"


def test_refusals_need_a_person(tmp_path: Path) -> None:
    """A refusal beside a change asks for a person, before and after."""
    bench = Bench()
    prepared = bench.planned(renewal(OLD, POOR))
    assert [refusal.place.site for refusal in prepared.plan.refusals] == ["B"]
    assert (prepared.outcome, prepared.exit_status) == (Outcome.REFUSED, 3)
    row = bench.row("a.example", bench.record("a.example", POOR))
    bench.changes = lambda script: bench.changed(row, now=(POOR, OLD))
    found = bench.apply(replace(prepared, patience=0.0), tmp_path)
    assert [(one.changed, one.failed) for one in found.steps] == [(True, False)]
    assert (found.outcome, found.exit_status) == (Outcome.REFUSED, 3)


def test_prepare_changes_nothing() -> None:
    """Preparing is one pipeline of queries, and knows what clients see now."""
    with tls_server(OLD) as server:
        bench = Bench(server.port)
        prepared = bench.prepared()
    (script,) = bench.session.scripts
    assert "$Changing = $false" in script.text
    assert [check.before.thumbprint for check in prepared.checks] == [OLD.thumbprint] * 2
    assert (prepared.outcome, prepared.exit_status) == (Outcome.UNCHANGED, 0)
