"""What must hold of set_iis_binding, each as a check that a test and the mutants both run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from labs import (
    ask,
    change_certificate,
    connect,
    give_options,
    records,
    refusal,
    restored,
    seen_states,
)

from psrebind.decode.records import netsh_options
from psrebind.iis_model import Binding, BindingInfo
from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.lab.windows.http_sys import Options
from psrebind.lab.windows.state import HostState
from psrebind.model import Thumbprint
from psrebind.operations import run
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library

# What no binding of the lab has, and what a rebind forgets.
SPECIAL = Options(check_mode=1, flags=2)
OPTIONED = "127."  # web01's binding with an address of its own has client-certificate options


def pair(lab: Lab, host: str) -> tuple[Thumbprint, Thumbprint]:
    """The old and the new certificate that wait on a host."""
    swap = next(one for one in lab.scenario.summary if one.host == host)
    return Thumbprint(swap.old), Thumbprint(swap.new)


def bindings(session: RemoteSession, library: Library | None = None) -> dict[str, Binding]:
    """The host's bindings by site."""
    reading = GetIisBinding()
    body = run([reading], session, library=library).bodies[0]
    return {one.site: one for one in reading.bindings(body).bindings}


def setting(binding: Binding, new: str, **other: Any) -> SetIisBinding:
    """The change that puts a certificate on a binding."""
    record = binding.record
    assert record
    fields: dict[str, Any] = {
        "site": binding.site,
        "information": binding.information,
        "kind": binding.kind,
        "endpoint": record.endpoint,
        "expected": binding.thumbprint,
        "thumbprint": Thumbprint(new),
        "store": binding.store,
        "options": netsh_options(record),
    }
    return SetIisBinding(**fields | other)


@contextmanager
def interfering(host: LabHost, change: Callable[[HostState], HostState]) -> Iterator[None]:
    """Let something else happen on a host right after its first change."""
    pending = [change]

    def interfere() -> None:
        if pending:
            host.host.change(pending.pop())

    stop = host.host.watch(interfere)
    try:
        yield
    finally:
        stop()


def changes_once(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A change changes, reads back, and run again finds nothing to do."""
    with restored(lab.hosts["web01"]) as host:
        new = pair(lab, "web01")[1]
        change = setting(bindings(session)["Shop"], new)
        first = ask(session, change, library)[0]
        assert (first.changed, first.after.thumbprint) == (True, new)
        assert bindings(session)["Shop"].thumbprint == new
        with seen_states(host) as states:
            second = ask(session, change, library)[0]
        assert (second.changed, states) == (False, [])


def never_without_a_record(lab: Lab, session: RemoteSession, library: Library) -> None:
    """At no moment of a change is the binding without a certificate."""
    with restored(lab.hosts["web01"]) as host:
        change = setting(bindings(session)["Shop"], pair(lab, "web01")[1])
        with seen_states(host) as states:
            ask(session, change, library)
        assert {len(one.records) for one in states} == {len(host.host.state.records)}


def keeps_options(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Client-certificate options survive on a Windows that resets them."""
    with restored(lab.hosts["web01"]):
        before = bindings(session)["Intranet"]
        row = ask(session, setting(before, pair(lab, "web01")[1]), library)[0]
        after = bindings(session)["Intranet"].record
        assert before.record
        assert after
        assert before.record.values["DefaultSslCtlStoreName"] == "ClientAuthIssuer"
        assert (row.lost, after.values) == ((), before.record.values)
        assert after.application_id == before.record.application_id


def keeps_a_foreign_application(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The application id of a record survives where nothing else would be lost."""
    foreign = "{11111111-2222-3333-4444-555555555555}"
    with restored(lab.hosts["web01"]) as host:
        records = tuple(replace(one, appid=foreign) for one in host.host.state.records)
        host.host.change(lambda now: replace(now, records=records))
        row = ask(session, setting(bindings(session)["Shop"], pair(lab, "web01")[1]), library)[0]
        record = bindings(session)["Shop"].record
        assert record
        assert (row.lost, f"{{{record.application_id}}}") == ((), foreign)


def restores_without_update(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where netsh has no update, options come back by delete and add."""
    with restored(lab.hosts["web03"]) as host, connect(lab, "web03") as other:
        give_options(host, Options(check_mode=1, ctl_store_name="ClientAuthIssuer", flags=2))
        before = bindings(other)["Fallback"]
        row = ask(other, setting(before, pair(lab, "web03")[1]), library)[0]
        after = bindings(other)["Fallback"]
        assert before.record
        assert after.record
        assert (row.lost, after.record.values) == ((), before.record.values)
        assert after.thumbprint == pair(lab, "web03")[1]


def names_what_is_lost(lab: Lab, session: RemoteSession, library: Library) -> None:
    """An option that could not be put back is named in the row."""
    with restored(lab.hosts["web01"]) as host:
        host.host.faults["netsh http update"] = "nothing"
        change = setting(bindings(session)["Intranet"], pair(lab, "web01")[1])
        lost = ask(session, change, library)[0].lost
        assert {"DefaultFlags", "DefaultSslCertCheckMode", "DefaultSslCtlStoreName"} <= set(lost)


def silence_is_failure(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A command that does nothing and says nothing is a failure."""
    with restored(lab.hosts["web01"]) as host:
        change = setting(bindings(session)["Shop"], pair(lab, "web01")[1])
        host.host.faults["binding.AddSslCertificate"] = "nothing"
        assert pair(lab, "web01")[1] in str(refusal(session, change, library))


def a_failure_has_its_number(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The number of a failing method of Windows arrives, in any language: a sharing violation."""
    with restored(lab.hosts["web02"]) as host, connect(lab, "web02") as other:
        change = setting(bindings(other)["Hosting"], pair(lab, "web02")[1])
        host.host.faults["binding.AddSslCertificate"] = "fail"
        error = refusal(other, change, library)
        assert error.hresult is not None
        assert error.hresult & 0xFFFFFFFF == 0x80070020


def expects(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A binding in neither the expected nor the wanted state is left alone."""
    with restored(lab.hosts["web01"]) as host:
        change = setting(bindings(session)["Shop"], pair(lab, "web01")[1])
        state = host.host.state
        error = refusal(session, replace(change, expected=Thumbprint("0" * 40)), library)
        assert str(change.expected) in str(error)
        assert host.host.state == state


def uses_the_store(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The certificate is bound from the store that was named."""
    with restored(lab.hosts["web02"]), connect(lab, "web02") as other:
        row = ask(other, setting(bindings(other)["Hosting"], pair(lab, "web02")[1]), library)[0]
        assert (row.after.store, row.changed) == ("WebHosting", True)


def moves_between_stores(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The same certificate in another store than wanted is not the wanted state."""
    with restored(lab.hosts["web02"]), connect(lab, "web02") as other:
        binding = bindings(other)["Hosting"]
        row = ask(other, setting(binding, str(binding.thumbprint), store="My"), library)[0]
        assert (row.before.store, row.after.store, row.changed) == ("WebHosting", "My", True)


def names_the_store(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where only the store is not as wanted, the sentence names both."""
    with restored(lab.hosts["web02"]) as host, connect(lab, "web02") as other:
        binding = bindings(other)["Hosting"]
        host.host.faults["binding.AddSslCertificate"] = "nothing"
        change = setting(binding, str(binding.thumbprint), store="My")
        held = binding.thumbprint
        assert f"has {held} in WebHosting, not {held} in My." in str(
            refusal(other, change, library)
        )


def one_binding_exactly(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A binding that does not exist, or not under that site, is refused by count."""
    with restored(lab.hosts["web01"]):
        change = setting(bindings(session)["Shop"], pair(lab, "web01")[1])
        other = replace(change, information=BindingInfo("*:9999:"))
        assert "0 HTTPS bindings '*:9999:'" in str(refusal(session, other, library))


def one_at_a_time(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A second psrebind meets the mutex while the first one changes the host."""
    with restored(lab.hosts["web01"]) as host, connect(lab) as other:
        change = setting(bindings(session)["Shop"], pair(lab, "web01")[1])
        bindings(other)
        inside, leave = threading.Event(), threading.Event()

        def hold() -> None:
            inside.set()
            leave.wait(20)

        stop = host.host.watch(hold)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(ask, other, change, library)
            try:
                assert inside.wait(20)
                assert refusal(session, change, library).error_id == "psrebind.Busy"
            finally:
                leave.set()
                stop()
        assert first.result()[0].changed


def a_failed_restore_leaves_a_record(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Options that netsh does not take cost the options, never the binding's certificate."""
    with restored(lab.hosts["web01"]):
        options = ("nosuchoption=enable",)
        change = setting(bindings(session)["Intranet"], pair(lab, "web01")[1], options=options)
        row = ask(session, change, library)[0]
        assert "DefaultFlags" in row.lost
        assert bindings(session)["Intranet"].thumbprint == pair(lab, "web01")[1]


def a_gap_closes(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where the add after a delete fails, the record comes back without its options."""
    with restored(lab.hosts["web03"]) as host, connect(lab, "web03") as other:
        give_options(host, SPECIAL)
        options = ("disabletls13=enable",)
        change = setting(bindings(other)["Fallback"], pair(lab, "web03")[1], options=options)
        row = ask(other, change, library)[0]
        assert "DefaultFlags" in row.lost
        assert bindings(other)["Fallback"].thumbprint == pair(lab, "web03")[1]


def a_gap_of_appcmd_closes(lab: Lab, session: RemoteSession, library: Library) -> None:
    """The same after appcmd, which nobody calls a second time."""
    with restored(lab.hosts["web03"]) as host, connect(lab, "web03") as other:
        give_options(host, SPECIAL)
        old, new = pair(lab, "web03")
        names = [name for name, one in records(host).items() if one.thumbprint == old]
        options = {name: ("disabletls13=enable",) for name in names}
        row = ask(other, InvokeIisRenewal(old=old, new=new, options=options), library)[0]
        assert {f"{one.kind}={one.endpoint}" for one in row.after} == set(names)
        assert any("DefaultFlags" in lost for lost in row.lost)


def no_binding_is_left_bare(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where netsh deletes and then adds nothing, the binding's own method puts a record back."""
    with restored(lab.hosts["web03"]) as host, connect(lab, "web03") as other:
        give_options(host, SPECIAL)
        change = setting(bindings(other)["Fallback"], pair(lab, "web03")[1])
        host.host.faults["netsh http add"] = "fail"
        row = ask(other, change, library)[0]
        assert "DefaultFlags" in row.lost
        assert bindings(other)["Fallback"].thumbprint == pair(lab, "web03")[1]


def no_gap_where_there_is_update(lab: Lab, session: RemoteSession, library: Library) -> None:
    """An update that fails costs options; a Windows that has it never meets a delete."""
    with restored(lab.hosts["web01"]) as host:
        host.host.faults["netsh http update"] = "fail"
        change = setting(bindings(session)["Intranet"], pair(lab, "web01")[1])
        with seen_states(host) as states:
            row = ask(session, change, library)[0]
        assert "DefaultFlags" in row.lost
        assert {len(one.records) for one in states} == {len(host.host.state.records)}


def lock_key(host: LabHost, thumbprint: str) -> None:
    """Let Windows not use a certificate's key, which only the record's set finds out."""
    change_certificate(host, thumbprint, locked=True)
    assume(host.host, "binding_checks_key_last", True)


def a_key_found_late_costs_nothing(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where Windows deletes first and then finds no key, the certificate before comes back."""
    for name, site in (("web01", "Intranet"), ("web02", "Hosting"), ("web03", "Fallback")):
        with restored(lab.hosts[name]) as host, connect(lab, name) as other:
            new = pair(lab, name)[1]
            before = bindings(other)[site]
            lock_key(host, new)
            error = refusal(other, setting(before, new), library)
            assert f"was gone after that: {before.thumbprint} is on it again." in str(error)
            # The sentence is longer, and still of the error that Windows has a number for.
            assert error.hresult is not None
            assert error.hresult & 0xFFFFFFFF == 0x80070520
            assert bindings(other)[site] == before


def a_key_that_does_not_open_touches_nothing(
    lab: Lab, session: RemoteSession, library: Library
) -> None:
    """The new certificate's key is opened first; where it does not, the host is as it was."""
    with restored(lab.hosts["web01"]) as host:
        new = pair(lab, "web01")[1]
        change = setting(bindings(session)["Shop"], new)
        change_certificate(host, new, key=None)
        before = host.host.state
        assert "does not open (0x80090016: Keyset" in str(refusal(session, change, library))
        assert host.host.state == before


def absent_is_zero(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A value that was not there and is 0 now is nothing lost, and nothing to put back."""
    bare = Options(extra={"DefaultFlags": None, "DefaultSslCertCheckMode": None})
    with restored(lab.hosts["web01"]) as host:
        give_options(host, bare)
        host.host.faults["netsh http update"] = "fail"
        row = ask(session, setting(bindings(session)["Shop"], pair(lab, "web01")[1]), library)[0]
        assert "DefaultFlags" not in row.before.values
        assert row.after.values["DefaultFlags"] == 0
        assert row.lost == ()


def an_odd_site_name_is_found(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A site whose name has a quote and a bracket is one site, and its binding is changed."""
    name = "O'Shop [1]*"
    with restored(lab.hosts["web01"]) as host:

        def rename(now: HostState) -> HostState:
            sites = (replace(s, name=name) if s.name == "Shop" else s for s in now.sites)
            return replace(now, sites=tuple(sites))

        host.host.change(rename)
        new = pair(lab, "web01")[1]
        row = ask(session, setting(bindings(session)[name], new), library)[0]
        assert (row.site, row.changed, row.after.thumbprint) == (name, True, new)


CHECKS = (
    a_key_that_does_not_open_touches_nothing,
    a_key_found_late_costs_nothing,
    a_gap_of_appcmd_closes,
    no_binding_is_left_bare,
    no_gap_where_there_is_update,
    absent_is_zero,
    an_odd_site_name_is_found,
    changes_once,
    never_without_a_record,
    keeps_options,
    keeps_a_foreign_application,
    restores_without_update,
    names_what_is_lost,
    silence_is_failure,
    a_failure_has_its_number,
    expects,
    uses_the_store,
    moves_between_stores,
    names_the_store,
    one_binding_exactly,
    one_at_a_time,
    a_failed_restore_leaves_a_record,
    a_gap_closes,
)
