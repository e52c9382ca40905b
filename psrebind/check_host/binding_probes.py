"""What the methods of a binding do to its record, and which record answers a client.

Every probe binds what it needs first, and leaves the bindings as it likes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from psrebind.check_host.questions import Answers, Unanswered, number
from psrebind.check_host.record_watch import WatchResult, watch_changes
from psrebind.check_host.records import (
    NOBODY,
    OPTIONS,
    certificate_arguments,
    flags_of,
    has_options,
    options_of,
)
from psrebind.check_host.site import CheckSite
from psrebind.check_host.value_probes import properties, settle_empty_records
from psrebind.operations import run
from psrebind.operations.get_certificate import GetCertificate
from psrebind.sessions.base import Session

ADD, REBIND, REMOVE = "AddSslCertificate", "RebindSslCertificate", "RemoveSslCertificate"
NO_HTTP2 = 16


def probe_bindings(site: CheckSite, second: Session, answers: Answers, *, rounds: int) -> None:
    """Try what the methods of a binding do."""
    _missing(site, answers)
    _flagged(site, answers)
    for method in (ADD, REBIND):
        probe_options(site, answers, method)
        _gap(site, second, answers, method=method, rounds=rounds)
    _shadow(site, answers)
    _archived(site, answers)


def _missing(site: CheckSite, answers: Answers) -> None:
    question = "missing_certificate_hresult"
    with answers.attempt(question):
        done = site.call(site.plain, ADD, NOBODY)
        if done.hresult is None:
            raise Unanswered(f"{ADD} took a certificate that is not there")
        seen = done.hresult & 0xFFFFFFFF
        answers.settle(question, seen, f"{ADD} said 0x{seen:08X}")


def _flagged(site: CheckSite, answers: Answers) -> None:
    flags, removal = "record_flags_follow_ssl_flags", "removing_missing_record_fails"
    with answers.attempt(flags, removal):
        binding = site.flagged
        if binding is None:
            answers.leave(flags, "this Windows takes no binding with sslFlags 4")
        else:
            done = site.call(binding, ADD, site.first)
            if done.after is None:
                raise Unanswered(f"{ADD} made no record: {done.message}")
            mask = flags_of(done.after)
            because = f"sslFlags 4 made DefaultFlags {mask}"
            answers.settle(flags, bool(mask & NO_HTTP2), because)
        binding = binding or site.plain
        site.bind(binding, site.first)
        record = site.call(binding, REMOVE, site.first).before
        if record:
            settle_empty_records(answers, [record.values])
        again = site.call(binding, REMOVE, site.first)
        failure = f"0x{again.hresult & 0xFFFFFFFF:08X}" if again.hresult is not None else "nothing"
        answers.settle(removal, again.hresult is not None, f"the second removal said {failure}")


def probe_options(site: CheckSite, answers: Answers, method: str) -> None:
    """See which options of a record a method forgets."""
    question = "add_resets_options" if method == ADD else "rebind_resets_options"
    with answers.attempt(question):
        before = _with_options(site)
        after = options_of(site.bind(site.plain, site.second, method).after)
        kept = [name for name in sorted(before) if after.get(name) == before[name]]
        lost = [name for name in sorted(before) if name not in kept]
        because = f"kept: {', '.join(kept) or 'nothing'}; lost: {', '.join(lost) or 'nothing'}"
        agrees = None if not (kept and lost) else False
        answers.settle(question, bool(lost), because, agrees=agrees)


def _gap(site: CheckSite, second: Session, answers: Answers, *, method: str, rounds: int) -> None:
    first = method == ADD
    question = ("add" if first else "rebind") + "_ssl_certificate_deletes_first"
    with answers.attempt(question, "gap_milliseconds"):
        site.bind(site.plain, site.first)
        turns = [site.second, site.first] * rounds
        changes = [partial(site.bind, site.plain, turn, method) for turn in turns[:rounds]]
        seen = watch_changes(second, site.client(site.plain), changes, record=site.plain.endpoint)
        because = f"{rounds} changes: {seen}"
        if seen.gap:
            answers.settle(question, True, because)
        else:
            answers.unseen(question, f"{because}; a shorter gap is not seen")
        _length(answers, seen)


def _length(answers: Answers, seen: WatchResult) -> None:
    question = "gap_milliseconds"
    if not seen.watch.absent:
        answers.leave(question, "no gap was seen, so that there was none to measure")
        return
    assumed, longest = answers.questions[question].assumed, seen.watch.longest
    near = assumed / 2 <= longest <= assumed * 2
    answers.settle(question, longest, "the longest absence seen, in milliseconds", agrees=near)


def _with_options(site: CheckSite) -> dict[str, Any]:
    """The plain record with options of its own; Unanswered where netsh does not give them."""
    site.bind(site.plain, site.first)
    site.netsh(site.plain, "delete")
    made = site.netsh(site.plain, "add", *certificate_arguments(site), *OPTIONS)
    if not has_options(made.after):
        raise Unanswered(f"netsh ended with {made.exit} and gave the record no options")
    return options_of(made.after)


def _shadow(site: CheckSite, answers: Answers) -> None:
    question = "ip_port_record_shadows_sni"
    with answers.attempt(question):
        site.bind(site.named, site.second)
        # A record of all addresses comes last anyhow: only an exact one is the question.
        exact = site.exact()
        done = site.netsh(exact, "add", *certificate_arguments(site))
        try:
            if done.after is None:
                raise Unanswered(f"netsh ended with {done.exit} and made no record")
            seen = site.served(site.named)
        finally:
            site.netsh(exact, "delete")
        because = "a client that names the server got the " + (
            f"certificate of {exact.endpoint}" if seen == site.first else "server name's"
        )
        answers.settle(question, seen == site.first, because)


def _archived(site: CheckSite, answers: Answers) -> None:
    missing, mark = "archived_counts_as_missing", "blob_property_archived"
    path = "archived_path_is_missing"
    with answers.attempt(missing, mark, path):
        site.bind(site.named, site.second)
        plain = _blobs(site)[site.first]
        done = site.call(site.named, ADD, site.first, archive=True)
        said = "nothing" if done.hresult is None else f"0x{done.hresult & 0xFFFFFFFF:08X}"
        answers.settle(missing, done.hresult is not None, f"{ADD} of an archived one said {said}")
        if done.found is not None:
            answers.settle(path, not done.found, f"Test-Path of an archived one said {done.found}")
        more = sorted(set(properties(done.blob or b"")) - set(plain))
        if not more:
            raise Unanswered("the archived certificate's blob has no property more")
        seen = 19 if 19 in more else more[0]
        answers.settle(mark, seen, f"archiving added the properties {number(more)}")


def _blobs(site: CheckSite) -> dict[str, dict[int, bytes]]:
    rows = GetCertificate().rows(run([GetCertificate()], site.session).bodies[0])
    return {one.thumbprint: properties(one.blob or b"") for one in rows if one.store == "My"}
