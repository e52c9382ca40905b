"""What must hold of the queries, each as a check that a test and the mutants both run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from labs import connect, give_options, refusal, restored
from operations.changes import bindings, pair, setting

from psrebind.decode.records import unknown_options
from psrebind.lab.stage.lab import Lab
from psrebind.lab.windows.http_sys import Options
from psrebind.lab.windows.iis_configuration import legacy_properties
from psrebind.lab.windows.state import Binding as LabBinding
from psrebind.lab.windows.state import HostState, Site
from psrebind.model import Certificate
from psrebind.operations import run
from psrebind.operations.get_certificate import GetCertificate
from psrebind.operations.get_host import GetHost, Host
from psrebind.operations.get_iis_binding import GetIisBinding
from psrebind.replies import parse
from psrebind.sessions import remote
from psrebind.sessions.remote import RemoteSession
from psrebind.templates import Library


def reads_both_stores(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Certificates of My and WebHosting are read, with what the store knows of them."""
    with connect(lab, "web02") as other:
        reading = GetCertificate()
        found = reading.result(run([reading], other, library=library).bodies[0])
        assert all(isinstance(one, Certificate) for one in found)
        kept = [one for one in found if isinstance(one, Certificate)]
        old, new = pair(lab, "web02")
        assert {(one.store, one.thumbprint) for one in kept} == {
            (store, thumbprint) for store in ("My", "WebHosting") for thumbprint in (old, new)
        }
        assert {one.renewed_by for one in kept if one.thumbprint == old} == {new}
        assert all(one.key_linked and one.friendly_name for one in kept)
        assert all("kunden.example" in one.dns_names for one in kept)


def finds_each_record(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Each binding is joined with its record; SNI records by the name in their value."""
    found = bindings(session, library)
    assert set(found) == {"Shop", "München", "Legacy", "Intranet"}
    assert {one.thumbprint for one in found.values()} == {pair(lab, "web01")[0]}
    assert [one.problems for one in found.values()] == [()] * 4


def constrained_language_reads_and_refuses(
    lab: Lab, session: RemoteSession, library: Library
) -> None:
    """In Constrained Language every query answers alike, and a change says that it cannot."""
    questions = (GetHost(), GetCertificate(), GetIisBinding())
    with restored(lab.hosts["web01"]) as host:
        full = run(questions, session, library=library)
        change = setting(bindings(session)["Shop"], pair(lab, "web01")[1])
        facts = replace(host.host.facts, language_mode="ConstrainedLanguage")
        host.host.change(lambda now: replace(now, facts=facts))
        with connect(lab) as other:
            constrained = run(questions, other, library=library)
            assert constrained.language_mode == "ConstrainedLanguage"
            for question, one, same in zip(questions, full.bodies, constrained.bodies, strict=True):
                assert (same.error, question.rows(one)) == (None, question.rows(same))
            error = refusal(other, change, library)
            assert error.error_id == "psrebind.LanguageMode"


def describes_the_host(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A host's facts are those of the host, in any language, and it lacks nothing."""
    with connect(lab, "web02") as other:
        asked = GetHost()
        reply = run([asked], other, library=library)
        found = asked.host(reply, reply.bodies[0])
    assert (found.name, found.domain) == ("web02", "lab.example")
    assert found.windows == "Windows Server 2019 Standard"
    assert (found.build, found.ui_culture) == ("17763.5458", "de-DE")
    assert (found.elevated, found.process_bits) == (True, 64)
    assert "WebAdministration" in found.modules
    assert abs(found.clock_difference.total_seconds()) <= 5
    # The lab's PowerShell is a 7, and says so truly: all but that is there.
    seven = [f"PowerShell is {found.powershell}"] if lab.engine else []
    assert [one.partition(",")[0] for one in found.lacks] == seven


def facts_of(lab: Lab, library: Library, **facts: Any) -> Host:
    """What a host says of itself where some of its facts are others."""
    with restored(lab.hosts["web01"]) as host:
        changed = replace(host.host.facts, **facts)
        host.host.change(lambda now: replace(now, facts=changed))
        asked = GetHost()
        with connect(lab) as other:
            reply = run([asked], other, library=library)
        return asked.host(reply, reply.bodies[0])


def elevation_is_seen(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Administrators turned on in the token is elevated; high integrity without them is not."""
    for mode in ("FullLanguage", "ConstrainedLanguage"):
        for elevated, administrator in ((True, True), (False, True), (True, False)):
            account = {"elevated": elevated, "administrator": administrator}
            found = facts_of(lab, library, language_mode=mode, **account)
            assert (found.language_mode, found.elevated) == (mode, elevated and administrator)


def elevation_is_unknown_without_an_answer(
    lab: Lab, session: RemoteSession, library: Library
) -> None:
    """Where Windows does not say who is logged on, nobody knows."""
    for mode, asked in (("FullLanguage", "account.role"), ("ConstrainedLanguage", "whoami")):
        lab.hosts["web01"].host.faults[asked] = "fail"
        assert facts_of(lab, library, language_mode=mode).elevated is None


def no_program_is_run_for_elevation(lab: Lab, session: RemoteSession, library: Library) -> None:
    """In Full Language the token itself is asked: a program would ask a domain controller."""
    lab.hosts["web01"].host.faults["native"] = "fail"
    assert facts_of(lab, library).elevated is True


def script_block_logging_is_seen(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Whether a script's text is kept in the host's log is read from its policy."""
    found = [facts_of(lab, library, script_block_logging=one) for one in (True, False)]
    assert [one.script_block_logging for one in found] == [True, False]


# What the scopes MachinePolicy, LocalMachine and CurrentUser have, and what SYSTEM meets.
POLICIES = (
    ("Undefined", "AllSigned", "Bypass", "AllSigned"),
    ("AllSigned", "RemoteSigned", "Bypass", "AllSigned"),
    ("Undefined", "Undefined", "Restricted", "RemoteSigned"),
)


def the_policy_is_that_of_system(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What the caller's own account or process may run says nothing of a task of SYSTEM."""
    for machine_policy, execution_policy, user_policy, meets in POLICIES:
        found = facts_of(
            lab,
            library,
            machine_policy=machine_policy,
            execution_policy=execution_policy,
            user_policy=user_policy,
        )
        assert found.execution_policy == meets


def one_pipeline_reads_all(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Three questions are one Command at the endpoint."""
    endpoint = lab.hosts["web01"].endpoint
    before = sum(one.action == "Command" for one in endpoint.requests)
    run((GetHost(), GetCertificate(), GetIisBinding()), session, library=library)
    assert sum(one.action == "Command" for one in endpoint.requests) == before + 1


def a_missing_module_stops_one_body(lab: Lab, session: RemoteSession, library: Library) -> None:
    """Without WebAdministration the bindings say so, and the other questions still answer."""
    with restored(lab.hosts["web03"]) as host:
        facts = replace(host.host.facts, modules=("ScheduledTasks",))
        host.host.change(lambda now: replace(now, facts=facts))
        # A lab host lays its modules out when its first shell opens: take one that has none yet.
        with connect(lab, "web03") as other:
            reply = run((GetHost(), GetIisBinding(), GetCertificate()), other, library=library)
    host_body, bindings_body, stores_body = reply.bodies
    assert (host_body.error, len(host_body.rows)) == (None, 1)
    assert (stores_body.error, len(stores_body.rows)) == (None, 2)
    assert (bindings_body.rows, bindings_body.error is not None) == ((), True)
    assert bindings_body.error
    assert bindings_body.error.error_id == "psrebind.MissingModule,WebAdministration"


def keys_below_a_record_are_seen(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What http.sys keeps in keys of its own below a record makes it one that nobody knows."""
    with restored(lab.hosts["web01"]) as host:
        special = Options(extra={"TlsRestrictions\\": "a key"})
        give_options(host, special)
        for binding in bindings(session, library).values():
            assert binding.record
            assert unknown_options(binding.record) == ("TlsRestrictions\\",)


def values_named_as_notes_are_seen(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A value whose name PowerShell uses for a note of its own makes a record nobody knows."""
    with restored(lab.hosts["web01"]) as host:
        special = Options(extra={"PSPath": 7, "PSDrive": 8})
        give_options(host, special)
        for binding in bindings(session, library).values():
            assert binding.record
            assert set(unknown_options(binding.record)) == {"PSPath", "PSDrive"}


def a_large_site_id_hides_nothing(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A site's id is 32 bits without a sign: one above 2^31-1 is read like others."""
    large = 4_000_000_000
    with restored(lab.hosts["web01"]) as host:
        sites = tuple(replace(one, id=large + one.id) for one in host.host.state.sites)
        host.host.change(lambda now: replace(now, sites=sites))
        found = bindings(session, library)
    assert len(found) == 4
    assert all(one.site_id > large for one in found.values())


def a_site_without_state_hides_nothing(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A site that serves only FTP has no state to read, and the others are read all the same."""
    ftp = Site(id=77, name="Files", bindings=(LabBinding(protocol="ftp", information="*:21:"),))
    with restored(lab.hosts["web01"]) as host:
        host.host.change(lambda now: replace(now, sites=(ftp, *now.sites)))
        reading = GetIisBinding()
        (row,) = reading.rows(run([reading], session, library=library).bodies[0])
        assert row.sites[0].state == "Unknown"
        assert {one.state for one in row.sites[1:]} == {"Started"}
        assert len(row.bindings) == 4


def numbers_without_a_sign_are_read(lab: Lab, session: RemoteSession, library: Library) -> None:
    """What Windows counts without a sign is read to its largest, and hides no other binding."""
    kept = {"Later": 2**64 - 1, "Sooner": 2**32 - 1}
    with restored(lab.hosts["web01"]) as host:

        def change(state: HostState) -> HostState:
            sites = list(state.sites)
            large = tuple(replace(one, flags=one.flags | 2**31) for one in sites[1].bindings)
            sites[1] = replace(sites[1], id=2**32 - 1, bindings=large)
            records = [replace(one, options=Options(extra=kept)) for one in state.records]
            return replace(state, sites=tuple(sites), records=tuple(records))

        host.host.change(change)
        reading = GetIisBinding()
        (row,) = reading.rows(run([reading], session, library=library).bodies[0])
        assert max(one.id for one in row.sites) == 2**32 - 1
        assert sorted(one.flags >> 31 for one in row.bindings) == [0, 0, 0, 1]
        for one in row.records:
            assert {name: one.values[name] for name in kept} == kept


def reads_what_iis_6_left(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A hash in customMetadata is read with the bindings; that it cannot be is a warning."""
    with restored(lab.hosts["web01"]) as host:
        left = legacy_properties(2, pair(lab, "web01")[0], "MY")
        host.host.change(lambda now: replace(now, metadata=left))
        found = bindings(session, library)
        assert [site for site, one in found.items() if one.problems] == ["Shop"]
        host.host.faults["iis.configuration"] = "fail"
        reading = GetIisBinding()
        (body,) = run([reading], session, library=library).bodies
        assert reading.row(body).legacy == ()
        assert [one.split(":")[0] for one in body.warnings] == ["customMetadata cannot be read"]


def reads_ftp_certificates(lab: Lab, session: RemoteSession, library: Library) -> None:
    """FTP's certificates are read where its service is: each site's, and the default."""
    old, new = pair(lab, "web01")
    ftp = LabBinding(protocol="ftp", information="*:21:")
    files = Site(id=77, name="Files", bindings=(ftp,), ftp_hash=old)
    reading = GetIisBinding()
    with restored(lab.hosts["web01"]) as host:
        host.host.change(lambda now: replace(now, sites=(*now.sites, files), ftp_hash=new))
        (before,) = reading.rows(run([reading], session, library=library).bodies[0])
        assert (before.ftp, before.ftp_bindings) == ((), ())
        facts = replace(host.host.facts, services={"ftpsvc": 2})
        host.host.change(lambda now: replace(now, facts=facts))
        (body,) = run([reading], session, library=library).bodies
        found = reading.bindings(body)
        assert [(one.site, one.information, one.thumbprint) for one in found.ftp] == [
            ("Files", "*:21:", old),
            (None, "", new),
        ]
        assert len(found.bindings) == 4
        host.host.faults["iis.configuration"] = "fail"
        (body,) = run([reading], session, library=library).bodies
        assert reading.bindings(body).ftp == ()
        assert body.warnings[-1].startswith("The certificates of FTP cannot be read: ")


def sees_services(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A service is on the host where its key is, unless it is disabled; asked for a label only."""
    with restored(lab.hosts["web01"]) as host:
        reading = GetIisBinding()
        (row,) = reading.rows(run([reading], session, library=library).bodies[0])
        assert row.services == ()
        label = "{5d89a20c-beab-4389-9447-324788eb944a}"
        records = [replace(one, appid=label) for one in host.host.state.records]
        host.host.change(lambda now, records=tuple(records): replace(now, records=records))
        facts = replace(host.host.facts, services={"adfssrv": 2, "WMSVC": 4, "WinRM": 3})
        host.host.change(lambda now: replace(now, facts=facts))
        reading = GetIisBinding()
        (row,) = reading.rows(run([reading], session, library=library).bodies[0])
        assert row.services == ("adfssrv", "WinRM")


def a_reply_is_ascii(lab: Lab, session: RemoteSession, library: Library) -> None:
    """A Kelvin sign alone, which compares as a k, is written as an escape too."""
    with restored(lab.hosts["web01"]) as host:
        sites = tuple(replace(one, name="\u212a") for one in host.host.state.sites)
        host.host.change(lambda now: replace(now, sites=sites))
        texts: list[str] = []
        with connect(lab) as other, pytest.MonkeyPatch.context() as patch:
            patch.setattr(remote, "parse", lambda text: (texts.append(text), parse(text))[1])
            run([GetIisBinding()], other, library=library)
        assert "\\u212a" in texts[0].lower()
        assert texts[0].isascii()


CHECKS = (
    values_named_as_notes_are_seen,
    a_large_site_id_hides_nothing,
    keys_below_a_record_are_seen,
    a_site_without_state_hides_nothing,
    numbers_without_a_sign_are_read,
    reads_what_iis_6_left,
    reads_ftp_certificates,
    sees_services,
    a_reply_is_ascii,
    reads_both_stores,
    finds_each_record,
    describes_the_host,
    one_pipeline_reads_all,
    constrained_language_reads_and_refuses,
    a_missing_module_stops_one_body,
    elevation_is_seen,
    elevation_is_unknown_without_an_answer,
    no_program_is_run_for_elevation,
    script_block_logging_is_seen,
    the_policy_is_that_of_system,
)
