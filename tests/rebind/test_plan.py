"""Rows in, steps and refusals out: one case per rule, and one for each way to do nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from certificates import ANY_USAGE, CLIENT, NOW, SERVER, Made, make
from observations import Entry, observed, record, renewal, stored

from psrebind.decode.records import RawRecord
from psrebind.iis_model import RecordKind
from psrebind.model import Thumbprint, UnreadableCertificate
from psrebind.operations.set_iis_binding import SetIisBinding
from psrebind.rebind.plan import plan
from psrebind.services.observation import Observation
from psrebind.services.rules import Rule
from psrebind.services.steps import Plan, Step

NAMES = ("a.example", "b.example", "xn--mnchen-3ya.example")
OLD, NEW, OTHER = make(*NAMES), make(*NAMES), make(*NAMES)
BOTH = (stored(OLD), stored(NEW))
SNI = "*:443:a.example 1"


def planned(
    bindings: Sequence[str],
    records: Sequence[RawRecord],
    entries: Sequence[Entry] = BOTH,
    *,
    new: Made = NEW,
) -> Plan:
    """Plan OLD to NEW on what was observed."""
    return plan(observed(bindings, records, entries), renewal(OLD, new))


def one_sni(*entries: Entry, new: Made = NEW, **options: Any) -> Plan:
    """Plan for one SNI binding that has OLD."""
    held = record("a.example:443", OLD, **options)
    return planned([SNI], [held], (stored(OLD), *entries), new=new)


def only_step(found: Plan) -> Step:
    """The one step of a plan that refuses nothing."""
    assert found.refusals == ()
    (step,) = found.steps
    return step


def only_rule(found: Plan) -> Rule:
    """The one rule of a plan without steps; its reason says what is wrong and what to do."""
    assert found.steps == ()
    (refusal,) = found.refusals
    assert ": " in refusal.reason
    assert "\n" not in refusal.reason
    return refusal.rule


def test_step() -> None:
    """A binding with the old certificate becomes one change that expects it."""
    found = only_step(one_sni(stored(NEW)))
    assert (found.before, found.after, found.store) == (OLD.thumbprint, NEW.thumbprint, "My")
    assert found.operation == SetIisBinding(
        site="A",
        information=found.places[0].information,
        kind=RecordKind.SNI,
        endpoint="a.example:443",
        expected=OLD.thumbprint,
        thumbprint=NEW.thumbprint,
        store="My",
        options=(),
    )


def test_options_go_along() -> None:
    """The options of the record travel with the change that may lose them."""
    found = only_step(one_sni(stored(NEW), DefaultFlags=2))
    assert "clientcertnegotiation=enable" in found.operation.options


def test_store_as_the_record_spells_it() -> None:
    """Windows does not tell MY from My; the record keeps its spelling."""
    assert only_step(one_sni(stored(NEW), store="MY")).operation.store == "MY"


def test_each_in_its_own_store() -> None:
    """Each record needs the new certificate in its own store."""
    records = [record("a.example:443", OLD), record("b.example:443", OLD, "WebHosting")]
    entries = (*BOTH, stored(OLD, "WebHosting"))
    found = planned([SNI, "*:443:b.example 1"], records, entries)
    assert [step.places[0].site for step in found.steps] == ["A"]
    (refusal,) = found.refusals
    assert (refusal.rule, refusal.place.site) == (Rule.NOT_IN_STORE, "B")
    assert "(but in My)" in refusal.reason


@pytest.mark.parametrize("endpoint", ["xn--mnchen-3ya.example:443", "München.example:443"])
def test_international_name(endpoint: str) -> None:
    """The record is named as the registry spells it, whatever the binding says."""
    found = planned(["*:443:münchen.example 1"], [record(endpoint, OLD)])
    assert only_step(found).operation.endpoint == endpoint


def test_shared_record_is_one_step() -> None:
    """Two sites on one ip:port are one record, and one change."""
    bindings = ["*:443:a.example", "*:443:b.example", "192.0.2.1:443:"]
    found = only_step(planned(bindings, [record("0.0.0.0:443", OLD)]))
    assert found.places[0].site == "A"
    assert [binding.site for binding in found.places[1:]] == ["B"]
    assert found.target == "ipport=0.0.0.0:443"


def test_same_name_on_two_addresses() -> None:
    """SNI bindings of one name and port share a record, whatever their addresses."""
    bindings = ["192.0.2.1:443:a.example 1", "192.0.2.2:443:A.example 1"]
    assert len(only_step(planned(bindings, [record("a.example:443", OLD)])).places) == 2


def test_other_flags_are_kept_apart() -> None:
    """SNI and no SNI on one socket are two records and two steps."""
    records = [record("0.0.0.0:443", OLD), record("a.example:443", OLD)]
    assert len(planned(["*:443:", SNI], records).steps) == 2


def test_done() -> None:
    """A binding that has the new certificate is done, and asks nothing of it."""
    found = planned([SNI], [record("a.example:443", NEW)], ())
    assert [binding.site for binding in found.done] == ["A"]
    assert (found.steps, found.refusals, found.notes) == ((), (), ())


def test_half_done() -> None:
    """A run that stopped half way is finished by the same run."""
    records = [record("a.example:443", NEW), record("b.example:443", OLD)]
    found = planned([SNI, "*:443:b.example 1"], records)
    assert only_step(found).places[0].site == "B"
    assert [binding.site for binding in found.done] == ["A"]


def test_other_certificate() -> None:
    """A binding with another certificate is none of the renewal's business."""
    found = planned([SNI], [record("a.example:443", OTHER)])
    assert (found.steps, found.refusals, found.done) == ((), (), ())
    assert str(OLD.thumbprint) in found.notes[0].text


@pytest.mark.parametrize("records", [[], [record("a.example:443", None)]])
def test_no_certificate(records: list[RawRecord]) -> None:
    """A binding without a record, or without a certificate in it, is not matched."""
    assert planned([SNI], records).steps == ()


def test_and_back() -> None:
    """The same renewal turned round brings the old certificate back."""
    seen = observed([SNI], [record("a.example:443", NEW)], BOTH)
    assert only_step(plan(seen, renewal(NEW, OLD))).after == OLD.thumbprint


def test_not_in_store() -> None:
    """A new certificate that is nowhere is refused."""
    assert only_rule(one_sni()) is Rule.NOT_IN_STORE


def test_store_that_is_not_read() -> None:
    """A store that nobody looked into does not count as one that has it."""
    found = one_sni(stored(NEW), store="Elsewhere")
    assert only_rule(found) is Rule.NOT_IN_STORE
    assert "does not read" in found.refusals[0].reason


def test_archived() -> None:
    """An archived new certificate is refused by its own rule."""
    assert only_rule(one_sni(stored(NEW, properties=[(19, b"")]))) is Rule.ARCHIVED


def test_archived_old_certificate() -> None:
    """Autoenrollment archives the old one: that refuses nothing, and its names still count."""
    old = stored(OLD, properties=[(19, b"")])
    assert only_step(planned([SNI], [record("a.example:443", OLD)], (old, stored(NEW))))
    poor = make("b.example")
    found = planned([SNI], [record("a.example:443", OLD)], (old, stored(poor)), new=poor)
    assert only_rule(found) is Rule.LOSES_NAME


def test_unreadable() -> None:
    """A new certificate that cannot be decoded was not checked, so it is refused."""
    entry = UnreadableCertificate("My", NEW.thumbprint.lower(), "the blob is cut off")
    found = one_sni(entry)
    assert only_rule(found) is Rule.UNREADABLE
    assert "the blob is cut off" in found.refusals[0].reason


def test_no_key() -> None:
    """A new certificate without a linked key is refused."""
    assert only_rule(one_sni(stored(NEW, key=False))) is Rule.NO_KEY


@pytest.mark.parametrize(
    ("clock", "rule"),
    [
        (NOW - timedelta(days=2), Rule.NOT_YET_VALID),
        (NOW + timedelta(days=91), Rule.EXPIRED),
    ],
)
def test_validity_by_the_hosts_clock(clock: Any, rule: Rule) -> None:
    """The host's clock decides what is valid now."""
    seen = observed([SNI], [record("a.example:443", OLD)], BOTH, clock=clock)
    assert only_rule(plan(seen, renewal(OLD, NEW))) is rule


@pytest.mark.parametrize("usages", [None, [SERVER], [CLIENT, SERVER], [ANY_USAGE]])
def test_may_serve(usages: list[str] | None) -> None:
    """No usages, any usage, or the server's among others may serve."""
    new = make(*NAMES, usages=usages)
    assert only_step(one_sni(stored(new), new=new))


def test_not_for_servers() -> None:
    """A certificate for clients alone is refused."""
    new = make(*NAMES, usages=[CLIENT])
    assert only_rule(one_sni(stored(new), new=new)) is Rule.NOT_FOR_SERVERS


def test_loses_name() -> None:
    """A binding whose name gets lost is refused alone."""
    new = make("b.example")
    records = [record("a.example:443", OLD), record("b.example:443", OLD)]
    found = planned([SNI, "*:443:b.example 1"], records, (stored(OLD), stored(new)), new=new)
    assert [step.places[0].site for step in found.steps] == ["B"]
    (refusal,) = found.refusals
    assert (refusal.rule, refusal.place.site) == (Rule.LOSES_NAME, "A")
    assert "a.example" in refusal.reason


def test_never_had_the_name() -> None:
    """A site behind a proxy, whose name neither certificate has, is rebound."""
    found = planned(["*:443:inner.example 1"], [record("inner.example:443", OLD)])
    assert only_step(found)


@pytest.mark.parametrize("kept", [NAMES, ("*.example",)])
def test_empty_host_keeps_all(kept: tuple[str, ...]) -> None:
    """A binding for any name is rebound when every name of the old one is kept."""
    new = make(*kept)
    held = [record("0.0.0.0:443", OLD)]
    assert only_step(planned(["*:443:"], held, (stored(OLD), stored(new)), new=new))


def test_empty_host_loses_one() -> None:
    """A binding for any name loses what any name loses."""
    new = make("a.example")
    held = [record("0.0.0.0:443", OLD)]
    found = planned(["*:443:"], held, (stored(OLD), stored(new)), new=new)
    assert only_rule(found) is Rule.LOSES_NAME


@pytest.mark.parametrize(
    "entries",
    [(), (UnreadableCertificate("My", OLD.thumbprint, "odd"),)],
)
def test_unknown_old_names(entries: tuple[Entry, ...]) -> None:
    """An old certificate that nobody can read refuses nothing, and is said."""
    new = make("b.example")
    held = [record("a.example:443", OLD)]
    found = planned([SNI], held, (*entries, stored(new)), new=new)
    assert only_step(found)
    assert [note.place and note.place.site for note in found.notes] == ["A"]


def test_shared_socket() -> None:
    """A site that shares its record with one that would lose its name is refused with it."""
    new = make("b.example")
    bindings = ["*:443:b.example", "*:443:a.example"]
    entries = (stored(OLD), stored(new))
    found = planned(bindings, [record("0.0.0.0:443", OLD)], entries, new=new)
    assert found.steps == ()
    rules = {refusal.place.site: refusal.rule for refusal in found.refusals}
    assert rules == {"A": Rule.SHARED_SOCKET, "B": Rule.LOSES_NAME}
    assert "*:443:a.example of B" in found.refusals[0].reason


def test_unknown_options() -> None:
    """A record with a value that nobody could put back is left alone."""
    found = one_sni(stored(NEW), Surprise=1)
    assert only_rule(found) is Rule.UNKNOWN_OPTIONS
    assert "Surprise" in found.refusals[0].reason


AD_FS = "5d89a20c-beab-4389-9447-324788eb944a"
IIS_EXPRESS = "214124cd-d05b-4309-9af9-9caa44b2b74a"
NOBODYS = "11111111-2222-3333-4444-555555555555"


def labelled(application: str, services: Sequence[str]) -> Plan:
    """The plan of one SNI binding whose record has a label, on a host with services."""
    held = [record("a.example:443", OLD, application=application)]
    return plan(observed([SNI], held, BOTH, services=services), renewal(OLD, NEW))


def test_a_record_of_a_service_on_the_host() -> None:
    """A record whose label and service are both there is left alone."""
    found = labelled(AD_FS, ("ADFSSRV",))
    assert only_rule(found) is Rule.FOREIGN_RECORD
    assert "AD FS, whose service adfssrv is on the host" in found.refusals[0].reason
    assert found.notes == ()


@pytest.mark.parametrize(
    ("application", "services", "said"),
    [
        (AD_FS, (), f"AD FS, appid {AD_FS}"),
        (AD_FS, ("WMSVC",), f"AD FS, appid {AD_FS}"),
        (IIS_EXPRESS, ("adfssrv",), f"IIS Express, appid {IIS_EXPRESS}"),
        (NOBODYS, ("adfssrv",), f"another program, appid {NOBODYS}"),
        ("0" * 8 + "-0000-0000-0000-" + "0" * 12, (), "another program, appid 00000000-"),
    ],
)
def test_a_label_refuses_nothing(application: str, services: Sequence[str], said: str) -> None:
    """An IIS binding decides whose a record is: its label is said, and put back."""
    found = labelled(application, services)
    assert only_step(found)
    (note,) = found.notes
    assert said in note.text
    assert "put back" in note.text
    assert note.place == only_step(found).places[0]


def test_every_rule_is_told() -> None:
    """All that is wrong with a binding is said at once."""
    new = make("b.example", usages=[CLIENT])
    found = one_sni(stored(new, key=False), new=new, Surprise=1)
    assert {refusal.rule for refusal in found.refusals} == {
        Rule.UNKNOWN_OPTIONS,
        Rule.NO_KEY,
        Rule.NOT_FOR_SERVERS,
        Rule.LOSES_NAME,
    }


def test_central_store() -> None:
    """A binding of the central store is not touched; that its name fits is said."""
    found = planned(["*:443:a.example 3", "*:443:c.test 3"], [record(":443", None)])
    assert (found.steps, found.refusals) == ((), ())
    assert [note.place.site for note in found.notes if note.place] == ["A"]


def test_stray_record() -> None:
    """A record without a binding that has the old certificate is said, not touched."""
    records = [record("a.example:443", OLD), record("192.0.2.9:443", OLD)]
    found = planned([SNI], records)
    assert len(found.steps) == 1
    assert "ipport=192.0.2.9:443" in found.notes[0].text


def test_nothing_there() -> None:
    """A host without bindings has nothing to do, and says that nobody has the old one."""
    seen: Observation = observed([], [], ())
    found = plan(seen, renewal(Thumbprint("00" * 20), NEW))
    assert (found.steps, found.operations, len(found.notes)) == ((), (), 1)


def test_an_odd_binding_is_left_alone() -> None:
    """A binding that IIS cannot mean is a note; the others are planned."""
    held = [record("a.example:443", OLD)]
    found = planned([SNI, "*:0:zero.example 1"], held, [stored(OLD), stored(NEW)])
    assert only_step(found).places[0].site == "A"
    (note,) = found.notes
    assert note.text.startswith("*:0:zero.example of B is left alone: ")


@pytest.mark.parametrize("bound", [OLD, OTHER])
def test_ftp_is_not_touched(bound: Made) -> None:
    """Where FTP has the old certificate that is said for good, and "no binding" of HTTPS alone."""
    seen = observed([SNI], [record("a.example:443", bound)], BOTH, ftp=OLD.thumbprint.lower())
    found = plan(seen, renewal(OLD, NEW))
    assert len(found.steps) == (bound is OLD)
    *others, note = found.notes
    assert note.text.startswith("the FTP binding *:21: of A has the old certificate: not touched")
    assert note.lasting
    said = (
        [] if bound is OLD else [f"no HTTPS binding has {OLD.thumbprint}, which is in the store My"]
    )
    assert [one.text for one in others] == said
