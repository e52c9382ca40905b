"""The questions that single values settle: of blobs, registry values, keys and queries.

Only queries are sent.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from psrebind.check_host.operations import GetCheckKey, library
from psrebind.check_host.questions import Answers, Unanswered, number
from psrebind.decode.events import LifecycleEvent
from psrebind.iis_model import RecordKind
from psrebind.operations import run
from psrebind.operations.get_certificate import CertificateBlob
from psrebind.operations.get_iis_binding import IisBindings
from psrebind.operations.get_lifecycle_event import GetLifecycleEvent, event_query
from psrebind.sessions.base import Session

# How many comparisons an event query may have is looked for among these.
COMPARISONS = (2, 8, 16, *range(18, 33), 64)
KEY_PROVIDER = 2
RENEWAL = 64
# A certificate's own hash, and that of its key: 20 bytes too, and no link.
OWN_HASHES = (3, 4, 20)


def properties(blob: bytes) -> dict[int, bytes]:
    """The numbered properties of a store's blob; a broken end is left out."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 12 <= len(blob):
        key, _, length = struct.unpack_from("<III", blob, at)
        found[key] = blob[at + 12 : at + 12 + length]
        at += 12 + length
    return found


def settle_blobs(answers: Answers, blobs: Sequence[CertificateBlob]) -> None:
    """Settle the property numbers of key and renewal by what the properties hold."""
    parsed = [properties(one.blob) for one in blobs if one.blob]
    known = {bytes.fromhex(one.thumbprint) for one in blobs}
    provider = "Provider".encode("utf-16-le")
    keys = {n for one in parsed for n, data in one.items() if n != 32 and provider in data}
    links = {
        n
        for one in parsed
        for n, data in one.items()
        if n not in OWN_HASHES and len(data) == 20 and data in known
    }
    _property(answers, "blob_property_key", keys, KEY_PROVIDER, "names a key provider")
    _property(answers, "blob_property_renewal", links, RENEWAL, "is another certificate's hash")
    every = number(sorted({n for one in parsed for n in one}))
    answers.leave("blob_property_archived", f"blobs have the properties {every}")


def _property(answers: Answers, question: str, found: set[int], usual: int, what: str) -> None:
    if found:
        seen = usual if usual in found else min(found)
        answers.settle(question, seen, f"property {number(sorted(found))} {what}")
    else:
        answers.leave(question, f"no property {what} on this host")


def settle_empty_values(answers: Answers, bindings: IisBindings) -> None:
    """Settle whether a record without a CTL has empty values for it."""
    records = [one.record for one in bindings.bindings if one.record] + [*bindings.orphan_records]
    settle_empty_records(answers, [one.values for one in records if one.kind is not RecordKind.CCS])


def settle_empty_records(answers: Answers, records: Sequence[Mapping[str, Any]]) -> None:
    """Settle the same by the registry values of some records."""
    question, name = "empty_ctl_values_present", "DefaultSslCtlIdentifier"
    empty = sum(values.get(name) == "" for values in records)
    absent = sum(name not in values for values in records)
    if empty + absent == 0:
        answers.leave(question, "there is no record without a CTL")
    else:
        because = f"{empty} records have it empty, {absent} have none"
        answers.settle(question, empty > 0, because, agrees=empty == 0)


def settle_keys(session: Session, answers: Answers) -> None:
    """Settle how http.sys names the keys of its records."""
    asked = GetCheckKey()
    with answers.attempt(
        "sni_keys_are_numbers", "sni_value_names_the_server", "ccs_keys_are_ports"
    ):
        rows = asked.rows(run([asked], session, library=library()).bodies[0])
        names_of_sni = [one for one in rows if one.kind is RecordKind.SNI]
        central = [one.key for one in rows if one.kind is RecordKind.CCS]
        count = f"{len(names_of_sni)} records"
        if names_of_sni:
            numbers = all(one.key.isdecimal() for one in names_of_sni)
            answers.settle("sni_keys_are_numbers", numbers, count)
            valued = all(one.hostname_port.rpartition(":")[2].isdecimal() for one in names_of_sni)
            answers.settle("sni_value_names_the_server", valued, count)
        if central:
            ports = all(key.isdecimal() for key in central)
            answers.settle("ccs_keys_are_ports", ports, f"{len(central)} records")
        else:
            answers.leave("ccs_keys_are_ports", "this host has no central certificates")


def settle_comparisons(session: Session, answers: Answers) -> None:
    """Settle how many comparisons an event query may have; it needs an event to ask for."""
    question = "event_query_maximum_comparisons"
    asked = [
        GetLifecycleEvent(query=event_query(ids=range(1, count + 1)), newest=1)
        for count in COMPARISONS
    ]
    with answers.attempt(question):
        bodies = run(asked, session).bodies
        taken = [n for n, body in zip(COMPARISONS, bodies, strict=True) if not body.error]
        refused = [n for n in COMPARISONS if n not in taken]
        if not taken or not GetLifecycleEvent().rows(bodies[0])[0].records:
            raise Unanswered("the channel has no events, so that no query was carried out")
        because = f"taken: {number(taken)}; refused: {number(refused)}"
        at_least = refused == [] or min(refused) < max(taken)
        seen = f"at least {max(taken)}" if at_least else max(taken)
        answers.settle(question, seen, because)


def settle_replacements(events: Sequence[LifecycleEvent], answers: Answers) -> None:
    """Settle, from events, whether one renewal replaced several certificates."""
    question = "renewal_replaces_others_of_template"
    olds: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.id == 1001 and event.old and event.new:
            olds[str(event.new.thumbprint)].add(str(event.old.thumbprint))
    if any(len(some) > 1 for some in olds.values()):
        answers.settle(question, True, "one certificate replaced several, by the events 1001")
    else:
        reason = f"none of {len(olds)} new certificates in events 1001 replaced several"
        answers.leave(question, f"{reason}; it needs a template and a domain")
