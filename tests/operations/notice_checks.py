"""What must hold of events and notices, each as a check for tests and mutants."""

from __future__ import annotations

from dataclasses import replace

from lab_tasks import rewrite_events
from labs import ask, change_certificate, connect, refusal, restored
from operations.changes import pair
from operations.task_checks import switch_off

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL, LifecycleEvent
from psrebind.lab.stage import renewals
from psrebind.lab.stage.lab import Lab, LabHost, assume
from psrebind.lab.windows.event_log import FILE_CORRUPT
from psrebind.lab.windows.state import HostState
from psrebind.model import Renewal, Thumbprint
from psrebind.operations import run
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.operations.send_renewal_notice import SendRenewalNotice
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library


def reads_a_renewal(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A renewal's three events come decoded, newest first, whole or by id, record and number."""
    with restored(lab.hosts["web01"]) as host:
        old = pair(lab, "web01")[0]
        new = renewals.renew(host.host, lab.scenario.authority, old)
        every = GetLifecycleEvent()
        found = every.result(run([every], session, library=library).bodies[0])
        assert [one.id for one in found] == [1005, 1001, 1006]
        assert found[1].renewal == Renewal(old, Thumbprint(new))
        for query, ids in (
            (event_query(ids=[1001, 1006]), [1001, 1006]),
            (event_query(record=2), [1001]),
            (event_query(thumbprint=old), [1005, 1001]),
            (event_query(ids=[1002]), []),
        ):
            asked = GetLifecycleEvent(query=query)
            found = asked.result(run([asked], session, library=library).bodies[0])
            assert [one.id for one in found] == ids
        few = GetLifecycleEvent(newest=2)
        assert len(few.result(run([few], session, library=library).bodies[0])) == 2


def says_what_the_logs_are(lab: Lab, session: RemoteSession, library: Library) -> None:
    """On or off, how many events, from when on; a log that is not there is said too."""
    with restored(lab.hosts["web06"]) as host, connect(lab, "web06") as other:
        asked = GetLifecycleEvent(
            channels=(SYSTEM_CHANNEL, USER_CHANNEL, "No/Such"), query=event_query(ids=[1001])
        )
        system, user, none = ask(other, asked, library)
        (event,) = host.host.state.channels[0].events
        # The oldest event of the log, not of what was asked for: the log has rolled over.
        assert (system.enabled, system.records, system.oldest) == (False, 1, event.time)
        assert (user.enabled, user.records, user.oldest) == (True, 0, None)
        assert (none.enabled, none.records, none.oldest) == (None, None, None)
        assert system.events == user.events == none.events == ()


def a_refused_query_is_an_error(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What Windows does not take as a query is one on an empty log as on any other."""
    # A query may have so many comparisons (tested in the lab), and this has more.
    many = event_query(ids=range(1001, 1101))
    for query in ("*[System[", many):
        with restored(lab.hosts["web01"]) as host:
            asked = GetLifecycleEvent(query=query)
            assert host.host.state.channels[0].events == ()
            empty = refusal(session, asked, library)
            renewals.renew(host.host, lab.scenario.authority, pair(lab, "web01")[0])
            full = refusal(session, asked, library)
            assert (empty.error_id, empty.hresult) == (full.error_id, full.hresult)
            assert "GetWinEventCommand" in empty.error_id


def cannot_be_shown(host: LabHost, *numbers: int) -> None:
    """Let Windows have no text for the events of these numbers."""

    def change(state: HostState) -> HostState:
        log, *others = state.channels
        events = tuple(replace(e, shown=e.record_id not in numbers) for e in log.events)
        return replace(state, channels=(replace(log, events=events), *others))

    host.host.change(change)


def in_trouble(host: LabHost, trouble: str) -> None:
    """Let the log be one that cannot be read, or not to its end."""

    def change(state: HostState) -> HostState:
        log, *others = state.channels
        return replace(state, channels=(replace(log, trouble=trouble), *others))

    host.host.change(change)


def an_event_without_a_text_hides_none(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Events that Windows cannot show as text are read like all others, and counted aloud."""
    asked = GetLifecycleEvent()
    for mode in ("FullLanguage", "ConstrainedLanguage"):
        with restored(lab.hosts["web01"]) as host:
            renewals.renew(host.host, lab.scenario.authority, pair(lab, "web01")[0])
            cannot_be_shown(host, 1, 2)
            facts = replace(host.host.facts, language_mode=mode)
            host.host.change(lambda now, facts=facts: replace(now, facts=facts))
            with connect(lab) as other:
                (body,) = run([asked], other, library=library).bodies
            assert [one.id for one in asked.result(body)] == [1005, 1001, 1006]
            (warning,) = body.warnings
            assert f"could not read or show 2 of the events of {SYSTEM_CHANNEL}" in warning
            assert "MUI" in warning


def what_is_no_single_event_is_an_error(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A log that cannot be read at all is no event of it: the error is thrown."""
    with restored(lab.hosts["web01"]) as host:
        renewals.renew(host.host, lab.scenario.authority, pair(lab, "web01")[0])
        in_trouble(host, "denied")
        error = refusal(session, GetLifecycleEvent(), library)
        assert error.error_id.startswith("LogInfoUnavailable,")


def a_torn_log_ends_in_an_error(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Where each further read is an error again, reading ends, with that error."""
    with restored(lab.hosts["web01"]) as host:
        renewals.renew(host.host, lab.scenario.authority, pair(lab, "web01")[0])
        in_trouble(host, "torn")
        error = refusal(session, GetLifecycleEvent(), library)
        assert error.hresult == 0x80070000 | FILE_CORRUPT
        assert error.error_id.endswith("GetWinEventCommand")


def a_notice_without_a_text_is_found(lab: Lab, session: RemoteSession, library: Library) -> None:
    """An event 1001 that Windows cannot show as text stops no notice."""
    with restored(lab.hosts["web01"]) as host:
        old, new = pair(lab, "web01")
        assert ask(session, SendRenewalNotice(old=old, new=new), library)[0].record == 1
        cannot_be_shown(host, 1)
        assert ask(session, SendRenewalNotice(old=old, new=new), library)[0].record == 2


def constrained_language_reads_events(lab: Lab, session: RemoteSession, library: Library) -> None:
    """In Constrained Language the same events come by another way."""
    with restored(lab.hosts["web01"]) as host:
        renewals.renew(host.host, lab.scenario.authority, pair(lab, "web01")[0])
        asked = GetLifecycleEvent(query=event_query(ids=[1001, 1005]))
        full = asked.result(run([asked], session, library=library).bodies[0])
        facts = replace(host.host.facts, language_mode="ConstrainedLanguage")
        host.host.change(lambda now: replace(now, facts=facts))
        with connect(lab) as other:
            reply = run([asked], other, library=library)
            assert reply.language_mode == "ConstrainedLanguage"
            assert asked.result(reply.bodies[0]) == full
        assert len(full) == 2


def lost_letters_are_told(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What wevtutil's console may have lost of an event is a note on that event, on no other."""
    odd = "łódź.example"
    asked = GetLifecycleEvent(query=event_query(ids=[1001, 1006]))
    for mode, names, told in (("FullLanguage", odd, 0), ("ConstrainedLanguage", "?ód?.example", 1)):
        with restored(lab.hosts["web01"]) as host:
            renewals.renew(host.host, lab.scenario.authority, pair(lab, "web01")[0])
            rewrite_events(
                host.host,
                lambda one: [
                    replace(one, xml=one.xml.replace("shop.example", odd))
                    if one.id == 1001
                    else one
                ],
            )
            facts = replace(host.host.facts, language_mode=mode)
            host.host.change(lambda now, facts=facts: replace(now, facts=facts))
            with connect(lab) as other:
                (body,) = run([asked], other, library=library).bodies
            assert [row.console for row in asked.rows(body)] == [bool(told)]
            replaced, installed = asked.result(body)
            assert isinstance(replaced, LifecycleEvent)
            assert isinstance(installed, LifecycleEvent)
            assert replaced.new
            assert names in replaced.new.names
            assert sum("came as ?" in note for note in replaced.notes) == told
            assert installed.notes == ()


def raises_one_event(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A notice raises 1001 with both certificates, and twice is twice; the store stays."""
    with restored(lab.hosts["web01"]) as host:
        old, new = pair(lab, "web01")
        before = host.host.state.certificates
        for number in (1, 2):
            row = ask(session, SendRenewalNotice(old=old, new=new), library)[0]
            assert (row.enabled, row.record, row.linked) == (True, number, False)
        assert host.host.state.certificates == before
        assert [one.id for one in host.host.state.channels[0].events] == [1001, 1001]


def links_on_request(lab: Lab, session: RemoteSession, library: Library) -> None:
    """With link the old certificate also gets the renewal property."""
    with restored(lab.hosts["web01"]) as host:
        old, new = pair(lab, "web01")

        def links() -> dict[str, str | None]:
            return {one.thumbprint: one.renewed_by for one in host.host.state.certificates}

        bare = tuple(replace(one, renewed_by=None) for one in host.host.state.certificates)
        host.host.change(lambda state: replace(state, certificates=bare))
        assert ask(session, SendRenewalNotice(old=old, new=new), library)[0].linked is False
        assert links()[old] is None
        assert ask(session, SendRenewalNotice(old=old, new=new, link=True), library)[0].linked
        assert links()[old] == new


def a_notice_that_nobody_hears(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Silence is a failure; a log that is off keeps no record, which is said."""
    old, new = pair(lab, "web01")
    with restored(lab.hosts["web01"]) as host:
        notice = SendRenewalNotice(old=old, new=new)
        host.host.faults["pki.switch"] = "nothing"
        assert "without an event 1001" in str(refusal(session, notice, library))
        host.host.faults.clear()
        switch_off(host)
        row = ask(session, notice, library)[0]
        assert (row.enabled, row.record) == (False, None)


def both_certificates_must_be_there(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Nothing is raised for a certificate that the host does not have."""
    with restored(lab.hosts["web01"]) as host:
        old, new = pair(lab, "web01")
        for notice in (
            SendRenewalNotice(old=old, new=Thumbprint("0" * 40)),
            SendRenewalNotice(old=Thumbprint("0" * 40), new=new),
        ):
            assert "There is no certificate" in str(refusal(session, notice, library))
        assert host.host.state.channels[0].events == ()


def a_late_event_is_waited_for(lab: Lab, session: RemoteSession, library: Library) -> None:
    """An event that Windows writes only after a while is a success all the same."""
    with restored(lab.hosts["web01"]) as host:
        assume(host.host, "event_delay_milliseconds", 700)
        old, new = pair(lab, "web01")
        row = ask(session, SendRenewalNotice(old=old, new=new), library)[0]
        assert (row.enabled, row.record) == (True, 1)


def an_archived_certificate_is_found(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What autoenrollment archived can be told of, where Windows finds it by its path."""
    old, new = pair(lab, "web01")
    for is_missing in (False, True):
        with restored(lab.hosts["web01"]) as host:
            assume(host.host, "archived_path_is_missing", is_missing)
            change_certificate(host, old, archived=True)
            notice = SendRenewalNotice(old=old, new=new)
            if is_missing:
                told = str(refusal(session, notice, library))
                assert rf"My\{old} is archived, and Windows does not find it by its path" in told
                assert "'psrebind rebind' and 'psrebind replay' need no event" in told
            else:
                assert ask(session, notice, library)[0].record == 1


def a_certificate_elsewhere_is_found(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Both stores are looked in; where Windows takes none but My that is said, with the store."""
    old, new = pair(lab, "web01")
    for needs_my in (False, True):
        with restored(lab.hosts["web01"]) as host:
            assume(host.host, "switch_certificate_needs_my", needs_my)
            change_certificate(host, new, store="WebHosting")
            notice = SendRenewalNotice(old=old, new=new)
            if needs_my:
                told = str(refusal(session, notice, library))
                assert rf"Windows cannot be told of Cert:\LocalMachine\WebHosting\{new}: " in told
                assert "'psrebind rebind' and 'psrebind replay' need no event" in told
                assert host.host.state.channels[0].events == ()
            else:
                row = ask(session, notice, library)[0]
                assert (row.record, row.old_store, row.new_store) == (1, "My", "WebHosting")


CHECKS = (
    a_certificate_elsewhere_is_found,
    a_late_event_is_waited_for,
    an_archived_certificate_is_found,
    reads_a_renewal,
    says_what_the_logs_are,
    a_refused_query_is_an_error,
    an_event_without_a_text_hides_none,
    what_is_no_single_event_is_an_error,
    a_torn_log_ends_in_an_error,
    a_notice_without_a_text_is_found,
    constrained_language_reads_events,
    lost_letters_are_told,
    raises_one_event,
    links_on_request,
    a_notice_that_nobody_hears,
    both_certificates_must_be_there,
)
