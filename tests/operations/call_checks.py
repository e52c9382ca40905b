"""How often a script asks Windows, each as a check that a test and the mutants both run.

A call of the registry provider takes milliseconds, and a host may have thousands of records,
bindings and certificates.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from labs import restored
from operations.changes import bindings, interfering, pair, setting
from operations.samples import SAMPLES

from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.certificate_stores import StoredCertificate
from psrebind.lab.windows.http_sys import Options, Record, RecordKind
from psrebind.lab.windows.state import Binding as LabBinding
from psrebind.lab.windows.state import HostState
from psrebind.operations import Operation, run
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.sessions.base import StreamRecord
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library

MANY = 5
READING = tuple(one for one in SAMPLES.values() if one.effect == "query")


def copies(state: HostState, count: int) -> tuple[StoredCertificate, ...]:
    """Certificates that differ in their last byte, which nobody reads."""
    first = next(one for one in state.certificates if one.store == "My")
    return tuple(replace(first, der=first.der[:-1] + bytes([number])) for number in range(count))


def more_certificates(state: HostState, count: int) -> HostState:
    """The state with certificates more."""
    return replace(state, certificates=(*state.certificates, *copies(state, count)))


def with_records(
    state: HostState, thumbprints: Sequence[str], options: Options | None = None
) -> HostState:
    """The state with SNI records more."""
    added = tuple(
        Record(
            kind=RecordKind.HOSTNAMEPORT,
            key=f"more{number}.example:443",
            thumbprint=thumbprint,
            store="My",
            options=options or Options(),
        )
        for number, thumbprint in enumerate(thumbprints)
    )
    return replace(state, records=(*state.records, *added))


def more_records(state: HostState, count: int) -> HostState:
    """The state with records more, each with a certificate of its own."""
    return with_records(state, [one.thumbprint for one in copies(state, count)])


def more_deep_records(state: HostState, count: int) -> HostState:
    """The state with records more that have a key below their own."""
    deep = Options(extra={"TlsRestrictions\\": "a key"})
    return with_records(state, [one.thumbprint for one in copies(state, count)], deep)


def more_bindings(state: HostState, count: int) -> HostState:
    """The state with HTTPS bindings more, all of one site."""
    added = tuple(
        LabBinding(protocol="https", information=f"*:443:more{number}.example", flags=1)
        for number in range(count)
    )
    sites = (
        replace(site, bindings=(*site.bindings, *added)) if site.name == "Shop" else site
        for site in state.sites
    )
    return replace(state, sites=tuple(sites))


def more_of_all(state: HostState, count: int) -> HostState:
    """The state with a binding more for each record more for each certificate more."""
    return more_bindings(more_records(more_certificates(state, count), count), count)


# Each way in which a host grows, and how many things grow by it.
GROWING = {
    more_certificates: 1,
    more_records: 1,
    more_deep_records: 1,
    more_bindings: 1,
    more_of_all: 3,
}


def asking(
    host: LabHost, session: RemoteSession, asked: Sequence[Operation[Any]], library: Library
) -> Counter[str]:
    """What a script asked the host for, and how often."""
    before = host.host.asked.copy()
    bodies = run(asked, session, library=library).bodies
    assert [body.error for body in bodies] == [None] * len(asked)
    return host.host.asked - before


def reading_asks_once_for_each(lab: Lab, session: RemoteSession, library: Library) -> None:
    """With each record, binding and certificate more, all questions together ask once more."""
    # What is read twice is asked for once.
    script = (*READING, GetIisBinding())
    for more, kinds in GROWING.items():
        counts = []
        for count in (MANY, 2 * MANY):
            with restored(lab.hosts["web01"]) as host:
                host.host.change(partial(more, count=count))
                counts.append(asking(host, session, script, library))
        assert counts[1].total() - counts[0].total() <= kinds * MANY, (more.__name__, counts)


def steps(host: LabHost, session: RemoteSession, lab: Lab, count: int) -> list[SetIisBinding]:
    """As many changes of one site's bindings, each with a record of its own."""
    old, new = pair(lab, "web01")
    host.host.change(lambda now: more_bindings(with_records(now, [old] * count), count))
    question = GetIisBinding()
    found = question.bindings(run([question], session).bodies[0]).bindings
    return [setting(one, new) for one in found if "more" in one.information]


def changing_reads_the_bindings_once(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A script of many changes reads all bindings once."""
    few, many = (asked_by_changes(lab, session, library, count) for count in (MANY, 2 * MANY))
    assert many["iis.bindings"] - few["iis.bindings"] == 0
    assert few["iis.bindings"] == 1


def a_look_at_a_record_is_two_calls(lab: Lab, session: RemoteSession, library: Library) -> None:
    """With each change more, the script lists no key more, nor asks whether it is there."""
    few, many = (asked_by_changes(lab, session, library, count) for count in (MANY, 2 * MANY))
    assert many["registry.key"] > few["registry.key"]
    assert many["registry.values"] > few["registry.values"]
    for command in ("registry.exists", "registry.children", "registry.keys"):
        assert many[command] == few[command], command


def asked_by_changes(
    lab: Lab, session: RemoteSession, library: Library, count: int
) -> Counter[str]:
    """What a script of as many changes asks the host for."""
    with restored(lab.hosts["web01"]) as host:
        changes = steps(host, session, lab, count)
        assert len(changes) == count
        return asking(host, session, changes, library)


def a_binding_of_now_is_found(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A binding that came after the bindings were read is changed, and one that went is missed."""
    with restored(lab.hosts["web01"]) as host:
        first, second, third = steps(host, session, lab, 3)
        whole = host.host.state

        def only(*numbers: int) -> HostState:
            gone = {f"*:443:more{number}.example" for number in {0, 1, 2}.difference(numbers)}
            sites = tuple(
                replace(s, bindings=tuple(b for b in s.bindings if b.information not in gone))
                for s in whole.sites
            )
            return replace(whole, sites=sites)

        host.host.change(lambda _: only(0, 2))
        with interfering(host, lambda now: replace(now, sites=only(0, 1).sites)):
            bodies = run([first, second, third], session, library=library).bodies
    assert [body.error is None for body in bodies] == [True, True, False]
    assert "has 0 HTTPS bindings" in str(bodies[2].error)


def reading_after_a_change_is_fresh(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What was read before a change of the same script is read again after it."""
    with restored(lab.hosts["web01"]):
        new = pair(lab, "web01")[1]
        change = setting(bindings(session)["Shop"], new)
        question = GetIisBinding()
        script = [question, change, question]
        before, _, after = run(script, session, library=library).bodies
        found = [
            next(one.thumbprint for one in question.bindings(body).bindings if one.site == "Shop")
            for body in (before, after)
        ]
    assert found == [*pair(lab, "web01")]


def a_place_of_two_sites_is_one_of_each(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Sites may be bound to the same place, and only the one that is named is changed."""
    with restored(lab.hosts["web01"]) as host:
        (change,) = steps(host, session, lab, 1)
        twin = LabBinding(protocol="https", information=change.information, flags=1)

        def twice(now: HostState) -> HostState:
            sites = (
                replace(site, bindings=(*site.bindings, twin)) if site.name != "Shop" else site
                for site in now.sites
            )
            return replace(now, sites=tuple(sites))

        host.host.change(twice)
        (body,) = run([change], session, library=library).bodies
        assert change.row(body).site == "Shop"


def each_change_is_told_as_it_begins(lab: Lab, session: RemoteSession, library: Library) -> None:
    """While a change still runs, it was already told which one of how many it is."""
    if not lab.engine:
        return  # There no script runs that could tell.
    heard: list[StreamRecord] = []
    late: list[str] = []

    def hear(record: StreamRecord) -> None:
        if record.stream == "progress":
            heard.append(record)

    def is_told(host: LabHost, new: str) -> None:
        done = [one.key for one in host.host.state.records if one.thumbprint == new]
        end = time.monotonic() + 60
        while len(heard) < len(done) and time.monotonic() < end:
            time.sleep(0.02)
        late.extend(done[len(heard) :])

    with restored(lab.hosts["web01"]) as host:
        script = steps(host, session, lab, 2)
        stop = host.host.watch(partial(is_told, host, pair(lab, "web01")[1]))
        try:
            run(script, session, library=library, on_stream=hear)
        finally:
            stop()
    said = [f"{script[0].name()}: {number} of 2" for number in (1, 2)]
    assert [one.text for one in heard] == said
    assert late == []


# What a script asks Windows is what PowerShell asks: the model takes it from its state.
COUNTS = (
    reading_asks_once_for_each,
    changing_reads_the_bindings_once,
    a_look_at_a_record_is_two_calls,
)
CHECKS = (
    *COUNTS,
    a_place_of_two_sites_is_one_of_each,
    each_change_is_told_as_it_begins,
    a_binding_of_now_is_found,
    reading_after_a_change_is_fresh,
)
