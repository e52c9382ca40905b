"""Handshakes before and after, compared with what a step wanted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from certificates import NOW, Made, make
from observations import observed, record, renewal, stored
from tls_server import tls_server

from psrebind.rebind.handshake import Handshake
from psrebind.rebind.plan import plan
from psrebind.rebind.verify import Verdict, probe_after, probe_before, verdict
from psrebind.services.observation import Observation
from psrebind.services.steps import Step
from psrebind.sessions.base import Limits

OLD, NEW, OTHER = make("a.example"), make("a.example"), make("a.example")
NOTHING = Handshake(error="Connection refused")
OLD_SEEN, NEW_SEEN, OTHER_SEEN = (Handshake(made.thumbprint) for made in (OLD, NEW, OTHER))


def step(port: int = 443) -> Step:
    """The step of one SNI binding, by the real plan."""
    entries = [stored(OLD), stored(NEW)]
    held = [record(f"a.example:{port}", OLD)]
    seen = observed([f"*:{port}:a.example 1"], held, entries, clock=NOW)
    (found,) = plan(seen, renewal(OLD, NEW)).steps
    return found


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (OLD_SEEN, NEW_SEEN, Verdict.VERIFIED),
        (NOTHING, NEW_SEEN, Verdict.VERIFIED),
        (NEW_SEEN, NEW_SEEN, Verdict.VERIFIED),
        (OLD_SEEN, OLD_SEEN, Verdict.PENDING),
        (NOTHING, OLD_SEEN, Verdict.PENDING),
        (NOTHING, NOTHING, Verdict.UNVERIFIED),
        (OTHER_SEEN, OTHER_SEEN, Verdict.UNVERIFIED),
        (OLD_SEEN, NOTHING, Verdict.BROKEN),
        (OTHER_SEEN, NOTHING, Verdict.BROKEN),
        (OLD_SEEN, OTHER_SEEN, Verdict.BROKEN),
        (NOTHING, OTHER_SEEN, Verdict.BROKEN),
    ],
)
def test_verdict(before: Handshake, after: Handshake, wanted: Verdict) -> None:
    """Each pair of handshakes has one verdict."""
    assert verdict(before, after, step()) is wanted


def test_change_is_seen() -> None:
    """A server that changes its certificate between the looks is verified at once."""
    with tls_server(OLD) as server:
        checks = probe_before([step(server.port)], "127.0.0.1", limits=Limits())
        assert [check.verdict for check in checks] == [None]
        server.made = NEW
        (after,) = probe_after(checks, patience=0, limits=Limits())
    assert after.before.thumbprint == OLD.thumbprint
    assert after.verdict is Verdict.VERIFIED


def with_orphan(port: int, made: Made, address: str = "127.0.0.1") -> tuple[Step, Observation]:
    """One binding without SNI, and a record of one address that no binding has."""
    entries = [stored(OLD), stored(NEW)]
    held = [record(f"0.0.0.0:{port}", OLD), record(f"{address}:{port}", made)]
    seen = observed([f"*:{port}:a.example"], held, entries, clock=NOW)
    (found,) = plan(seen, renewal(OLD, NEW)).steps
    return found, seen


@pytest.mark.parametrize(("made", "wanted"), [(OLD, "pending"), (OTHER, "unverified")])
def test_an_address_with_a_record_of_its_own(made: Made, wanted: str) -> None:
    """A left-over that is served on there is said, although the binding's own address is right."""
    with tls_server(made) as server:
        one, seen = with_orphan(server.port, made)
        (check,) = probe_before([one], "localhost", observation=seen, limits=Limits())
        (other,) = check.others
        assert (other.endpoint.address, other.before.thumbprint) == ("127.0.0.1", made.thumbprint)
        after = replace(check, after=NEW_SEEN, others=(replace(other, after=other.before),))
    assert after.verdict == wanted
    assert f"the record {other.record} is in the way" in str(after.elsewhere)
    better = replace(after, others=(replace(other, after=NEW_SEEN),))
    assert (better.verdict, better.elsewhere) == (Verdict.VERIFIED, None)


def test_an_address_that_does_not_answer_is_left_out() -> None:
    """What nobody can reach from here says nothing; the session's address is not asked twice."""
    with tls_server(OLD) as server:
        one, seen = with_orphan(server.port, OLD, "127.0.0.9")
        (check,) = probe_before([one], "127.0.0.1", observation=seen, limits=Limits())
        assert check.others == ()
        one, seen = with_orphan(server.port, OLD)
        knocks = len(server.names)
        (check,) = probe_before([one], "127.0.0.1", observation=seen, limits=Limits())
    assert (check.others, len(server.names)) == ((), knocks + 2)


def test_pending_is_tried_again() -> None:
    """A server that is late is knocked at until it serves the new certificate."""
    with tls_server(OLD) as server:
        checks = probe_before([step(server.port)], "127.0.0.1", limits=Limits())
        seen = server.names

        class Late(list[str | None]):
            """Changes the certificate once the second look has knocked in vain."""

            def append(self, name: str | None) -> None:
                super().append(name)
                if len(self) == 5:
                    server.made = NEW

        server.names = Late(seen)
        (after,) = probe_after(checks, patience=30, limits=Limits())
    assert after.verdict is Verdict.VERIFIED
    assert len(server.names) > 5


def test_pending_after_patience() -> None:
    """A server that keeps the old certificate is pending when patience ends."""
    with tls_server(OLD) as server:
        checks = probe_before([step(server.port)], "127.0.0.1", limits=Limits())
        (after,) = probe_after(checks, patience=0.3, limits=Limits())
    assert after.verdict is Verdict.PENDING


@pytest.mark.parametrize(("served", "wanted"), [(OLD, None), (NEW, None), (OTHER, Verdict.BROKEN)])
def test_a_failed_step_is_looked_at_once(served: Made, wanted: Verdict | None) -> None:
    """What clients get after a failure is no proof of a change; only a harm is a verdict."""
    with tls_server(OLD) as server:
        (check,) = probe_before([step(server.port)], "127.0.0.1", limits=Limits())
        server.made = served
        knocks = len(server.names)
        (after,) = probe_after([replace(check, failed=True)], patience=3600, limits=Limits())
    assert after.after
    assert (after.after.thumbprint, after.verdict) == (served.thumbprint, wanted)
    assert len(server.names) == 2 * knocks


def test_cancelled() -> None:
    """A person who cancels does not wait for patience to end, and what was seen stays."""
    limits = Limits()
    with tls_server(OLD) as server:
        checks = probe_before([step(server.port)], "127.0.0.1", limits=limits)

        class Ended(list[str | None]):
            """Cancels once the second look has knocked twice, by both of its handshakes."""

            def append(self, name: str | None) -> None:
                super().append(name)
                if len(self) == 4:
                    limits.cancelled.set()

        server.names = Ended(server.names)
        (after,) = probe_after(checks, patience=3600, limits=limits)
    assert after.verdict is Verdict.PENDING


def test_what_is_not_looked_at_is_unverified() -> None:
    """After the limit nobody knocks; that clients were served before does not make it broken."""
    with tls_server(OLD) as server:
        checks = probe_before([step(server.port)], "127.0.0.1", limits=Limits())
        knocks = len(server.names)
        (after,) = probe_after(checks, patience=3600, limits=Limits.within(0))
        assert len(server.names) == knocks
    assert after.verdict is Verdict.UNVERIFIED
    assert after.after
    assert after.after.error == "not looked at: the time limit of 0 s has passed"
    assert after.unsure
