"""What must hold where two names of a host differ only by language: they are two names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from labs import ask, connect, restored
from operations.changes import pair, setting
from operations.task_checks import put_task

from psrebind.decode.records import netsh_options
from psrebind.decode.tasks import TASK_NAME, wanted_xml
from psrebind.iis_model import Binding
from psrebind.lab.stage.lab import Lab, LabHost
from psrebind.lab.windows.http_sys import Options, Record, RecordKind
from psrebind.lab.windows.state import Binding as LabBinding
from psrebind.lab.windows.state import HostState, Site
from psrebind.operations import run
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.operations.get_rebind_task import GetRebindTask
from psrebind.operations.invoke_iis_renewal import InvokeIisRenewal
from psrebind.operations.unregister_rebind_task import UnregisterRebindTask
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library

# Windows PowerShell takes each pair for one name; the last one every PowerShell does, so that an
# engine test can show it (docs/windows.md).
SPELLINGS = (("læring", "laering"), ("straße", "strasse"), ("flo\u200dra", "flora"))
SPECIAL = (Options(check_mode=1), Options(flags=2), Options(check_mode=2))


@contextmanager
def both_spellings(lab: Lab) -> Iterator[LabHost]:
    """A host with a site of each spelling, the first of which has a binding of each, too."""
    old = pair(lab, "web01")[0]

    def add(state: HostState) -> HostState:
        sites, records = list(state.sites), list(state.records)
        for number, names in enumerate(SPELLINGS):
            for place, name in enumerate(names):
                hosts = [f"www.{name}.example"]
                hosts += [f"{one}.example" for one in names] if place == 0 else []
                held = tuple(
                    LabBinding(protocol="https", information=f"*:8443:{one}", flags=1)
                    for one in hosts
                )
                sites.append(Site(id=90 + 2 * number + place, name=name, bindings=held))
                records += [
                    Record(
                        kind=RecordKind.HOSTNAMEPORT,
                        key=f"{one}:8443",
                        thumbprint=old,
                        store="My",
                        options=SPECIAL[index % len(SPECIAL)],
                    )
                    for index, one in enumerate(hosts)
                ]
        return replace(state, sites=tuple(sites), records=tuple(records))

    with restored(lab.hosts["web01"]) as host:
        host.host.change(add)
        yield host


def read(session: RemoteSession, library: Library) -> dict[str, Binding]:
    """The bindings of the spelled sites, by site and host name."""
    reading = GetIisBinding()
    found = reading.bindings(run([reading], session, library=library).bodies[0]).bindings
    spelled = {name for names in SPELLINGS for name in names}
    return {f"{b.site} {b.information.host}": b for b in found if b.site in spelled}


def each_binding_is_its_own(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Each binding is changed by itself, with the record of its own name, whatever reads alike."""
    with both_spellings(lab):
        new = pair(lab, "web01")[1]
        before = read(session, library)
        assert len(before) == 4 * len(SPELLINGS)
        assert [one.problems for one in before.values()] == [()] * len(before)
        done: set[str] = set()
        for number, (name, binding) in enumerate(before.items()):
            # A reading in the same script fills what the change looks into.
            first = [GetIisBinding()] if number % 2 else []
            change = setting(binding, new)
            (row,) = change.rows(run([*first, change], session, library=library).bodies[-1])
            assert binding.record
            assert row.before.endpoint == row.after.endpoint == binding.record.endpoint
            assert (row.changed, row.lost) == (True, ())
            done.add(name)
            after = read(session, library)
            assert {one for one, b in after.items() if b.thumbprint == new} == done


def appcmd_gives_each_its_options(lab: Lab, session: RemoteSession, library: Library) -> None:
    """After appcmd each record has its own options again, none those of its namesake."""
    with both_spellings(lab):
        old, new = pair(lab, "web01")
        before = read(session, library)
        records = [one.record for one in before.values() if one.record]
        options = {f"{one.kind}={one.endpoint}": netsh_options(one) for one in records}
        row = ask(session, InvokeIisRenewal(old=old, new=new, options=options), library)[0]
        spelled = [one for one in row.lost if any(name in one for name in options)]
        assert (row.changed, spelled) == (True, [])
        after = read(session, library)
        for name, binding in before.items():
            assert binding.record
            found = after[name].record
            assert found
            assert (found.thumbprint, found.values) == (new, binding.record.values)


def another_task_is_not_ours(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A task whose name reads like ours is neither taken for it nor taken away."""
    alike = TASK_NAME.replace("Auto", "Au\u00adto")
    silent = wanted_xml().replace("Lifecycle-System", "Lifecycle-Nothing")
    with restored(lab.hosts["web01"]) as host:
        put_task(host, silent, name=alike)
        assert ask(session, GetRebindTask(), library)[0].tasks == ()
        assert not ask(session, UnregisterRebindTask(), library)[0].changed
        put_task(host, wanted_xml())
        assert [one.name for one in ask(session, GetRebindTask(), library)[0].tasks] == [TASK_NAME]
        assert ask(session, UnregisterRebindTask(), library)[0].changed
        assert [one.name for one in host.host.state.tasks] == [alike]


def constrained_language_tells_them_apart(
    lab: Lab, session: RemoteSession, library: Library
) -> None:
    """In Constrained Language, too: what compares the names is allowed there."""
    questions = (GetIisBinding(), GetRebindTask())
    with both_spellings(lab) as host:
        put_task(host, wanted_xml())
        full = run(questions, session, library=library).bodies
        facts = replace(host.host.facts, language_mode="ConstrainedLanguage")
        host.host.change(lambda now: replace(now, facts=facts))
        with connect(lab) as other:
            same = run(questions, other, library=library)
        assert same.language_mode == "ConstrainedLanguage"
        for question, one, another in zip(questions, full, same.bodies, strict=True):
            assert (another.error, question.rows(one)) == (None, question.rows(another))


CHECKS = (
    each_binding_is_its_own,
    appcmd_gives_each_its_options,
    another_task_is_not_ours,
    constrained_language_tells_them_apart,
)
