"""What must hold of invoke_iis_renewal, each as a check that a test and the mutants both run."""

from __future__ import annotations

from dataclasses import replace

from labs import ask, connect, give_options, restored
from operations.changes import bindings, interfering, lock_key, pair

from psrebind.decode.records import netsh_options
from psrebind.lab.stage.lab import Lab
from psrebind.lab.windows.http_sys import Options, drop_record
from psrebind.lab.windows.state import HostState
from psrebind.operations import run
from psrebind.operations.invoke_iis_renewal import IisRenewal, InvokeIisRenewal
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library

INTRANET = "Intranet"  # web01's binding with client-certificate options


def renewal(lab: Lab, session: RemoteSession, host: str = "web01") -> InvokeIisRenewal:
    """The renewal that waits on a host, with the options of every record."""
    old, new = pair(lab, host)
    records = [one.record for one in bindings(session).values() if one.record]
    options = {f"{one.kind}={one.endpoint}": netsh_options(one) for one in records}
    return InvokeIisRenewal(old=old, new=new, options=options)


def renewed(session: RemoteSession, operation: InvokeIisRenewal, library: Library) -> IisRenewal:
    """The one row of a renewal."""
    (row,) = ask(session, operation, library)
    assert isinstance(row, IisRenewal)
    return row


def changes_once(lab: Lab, session: RemoteSession, library: Library) -> None:
    """All records with the old certificate change; a second time there is none."""
    with restored(lab.hosts["web01"]):
        operation = renewal(lab, session)
        first = renewed(session, operation, library)
        assert (len(first.before), first.changed) == (4, True)
        assert {one.thumbprint for one in first.before} == {operation.old}
        assert {one.thumbprint for one in first.after} == {operation.new}
        second = renewed(session, operation, library)
        assert (second.before, second.after, second.changed) == ((), (), False)


def a_key_found_late_costs_nothing(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where appcmd's records are deleted and cannot be set, the certificate before comes back."""
    with restored(lab.hosts["web01"]) as host:
        operation = renewal(lab, session)
        before = bindings(session)
        lock_key(host, operation.new)
        row = renewed(session, operation, library)
        assert {one.thumbprint for one in row.after} == {operation.old}
        assert len(row.after) == len(row.before)
        assert bindings(session) == before


def silence_is_not_a_change(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where appcmd does nothing and succeeds, the records say so."""
    with restored(lab.hosts["web01"]) as host:
        operation = renewal(lab, session)
        host.host.faults["binding.RebindSslCertificate"] = "nothing"
        row = renewed(session, operation, library)
        assert (row.exit, row.changed, row.lost) == (0, False, ())
        assert {one.thumbprint for one in row.after} == {operation.old}


def keeps_options(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Client-certificate options survive on a Windows that resets them."""
    with restored(lab.hosts["web01"]):
        before = bindings(session)[INTRANET].record
        row = renewed(session, renewal(lab, session), library)
        after = bindings(session)[INTRANET].record
        assert before
        assert after
        assert before.values["DefaultSslCtlStoreName"] == "ClientAuthIssuer"
        assert (row.lost, after.values) == ((), before.values)


def names_what_is_lost(lab: Lab, session: RemoteSession, library: Library) -> None:
    """An option that could not be put back is named with its record."""
    with restored(lab.hosts["web01"]) as host:
        operation = renewal(lab, session)
        host.host.faults["netsh http update"] = "nothing"
        row = renewed(session, operation, library)
        place = next(one.endpoint for one in row.before if one.values["DefaultFlags"])
        assert f"ipport={place}: DefaultFlags" in row.lost


def a_record_that_goes_comes_back(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A record that is gone after appcmd gets the certificate before; the others change."""
    with restored(lab.hosts["web01"]) as host:
        operation = renewal(lab, session)
        gone = host.host.state.records[-1]

        def drop(state: HostState) -> HostState:
            return replace(state, records=drop_record(state.records, gone.kind, gone.key))

        with interfering(host, drop):
            row = renewed(session, operation, library)
        held = {one.endpoint: one.thumbprint for one in row.after}
        assert held.pop(gone.key) == operation.old
        assert set(held.values()) == {operation.new}
        assert row.changed


def a_gap_that_stays_is_told(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A record that netsh deleted and did not add again is missing, and a sentence names it."""
    with restored(lab.hosts["web03"]) as host, connect(lab, "web03") as other:
        give_options(host, Options(check_mode=1, flags=2))
        operation = renewal(lab, other, "web03")
        host.host.faults["netsh http add"] = "fail"
        (body,) = run([operation], other, library=library).bodies
        row = operation.row(body)
        assert len(row.after) < len(row.before)
        lost = {one.endpoint for one in row.before} - {one.endpoint for one in row.after}
        for endpoint in lost:
            assert f"={endpoint} is gone." in " ".join(body.warnings)


CHECKS = (
    a_key_found_late_costs_nothing,
    changes_once,
    silence_is_not_a_change,
    keeps_options,
    names_what_is_lost,
    a_record_that_goes_comes_back,
    a_gap_that_stays_is_told,
)
