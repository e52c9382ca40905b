"""What appcmd would do: it passes over in silence, and leaves nothing else out."""

from __future__ import annotations

from certificates import make
from observations import observed, record, renewal, stored

from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.rebind.plan import plan
from psrebind.services.rules import Rule

OLD, NEW = make("a.example", "b.example"), make("a.example", "b.example")
POOR = make("a.example")
BINDINGS = ["*:443:a.example 1", "*:443:b.example 1"]
RECORDS = [record("a.example:443", OLD), record("b.example:443", OLD, DefaultFlags=2)]


def test_one_operation() -> None:
    """All records are one command, with the options of each."""
    seen = observed(BINDINGS, RECORDS, [stored(OLD), stored(NEW)])
    found = plan(seen, renewal(OLD, NEW), by_windows=True)
    (operation,) = found.operations
    assert isinstance(operation, InvokeIisRenewal)
    assert (operation.old, operation.new) == (OLD.thumbprint, NEW.thumbprint)
    assert set(operation.options) == {"hostnameport=a.example:443", "hostnameport=b.example:443"}
    assert "clientcertnegotiation=enable" in operation.options["hostnameport=b.example:443"]
    assert len(found.steps) == 2


def test_one_refusal_refuses_all() -> None:
    """A binding that must not be touched holds back those that could be."""
    seen = observed(BINDINGS, RECORDS, [stored(OLD), stored(POOR)])
    found = plan(seen, renewal(OLD, POOR), by_windows=True)
    assert (found.steps, found.operations) == ((), ())
    rules = {refusal.place.site: refusal.rule for refusal in found.refusals}
    assert rules == {"A": Rule.ALL_OR_NOTHING, "B": Rule.LOSES_NAME}


def test_silent_skip_is_foretold() -> None:
    """A binding whose store lacks the new certificate is named as skipped, whatever its name."""
    records = [RECORDS[0], record("b.example:443", OLD, "WebHosting")]
    seen = observed(BINDINGS, records, [stored(OLD), stored(POOR)])
    found = plan(seen, renewal(OLD, POOR), by_windows=True)
    assert found.refusals == ()
    assert [step.places[0].site for step in found.steps] == ["A"]
    assert [skip.place.site for skip in found.skipped] == ["B"]
    assert "WebHosting" in found.skipped[0].reason


def test_nothing_but_skips() -> None:
    """When appcmd would pass over everything, it is not run."""
    found = plan(observed(BINDINGS, RECORDS, [stored(OLD)]), renewal(OLD, NEW), by_windows=True)
    assert len(found.skipped) == 2
    assert found.operations == ()


def test_archived_refuses() -> None:
    """Whether appcmd finds an archived certificate is not known: it is not tried."""
    entries = [stored(OLD), stored(NEW, properties=[(19, b"")])]
    found = plan(observed(BINDINGS, RECORDS, entries), renewal(OLD, NEW), by_windows=True)
    assert {refusal.rule for refusal in found.refusals} == {Rule.ARCHIVED}


def test_unread_store_refuses() -> None:
    """Nobody knows what appcmd finds in a store that was not read."""
    records = [RECORDS[0], record("b.example:443", OLD, "Elsewhere")]
    seen = observed(BINDINGS, records, [stored(OLD), stored(NEW)])
    found = plan(seen, renewal(OLD, NEW), by_windows=True)
    rules = {refusal.place.site: refusal.rule for refusal in found.refusals}
    assert rules == {"A": Rule.ALL_OR_NOTHING, "B": Rule.NOT_IN_STORE}


def test_done() -> None:
    """A second run finds nothing to do."""
    records = [record("a.example:443", NEW), record("b.example:443", NEW)]
    found = plan(observed(BINDINGS, records, [stored(NEW)]), renewal(OLD, NEW), by_windows=True)
    assert (found.operations, len(found.done)) == ((), 2)
