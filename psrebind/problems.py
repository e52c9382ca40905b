"""The problems of a binding: each is a sentence, and of a kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Self


class ProblemKind(StrEnum):
    """The kinds of problems in a word or two, the worst first."""

    EXPIRED = "expired"
    NO_RECORD = "no record"
    NO_CERTIFICATE = "no certificate"
    NOT_IN_STORE = "not in store"
    NO_KEY = "no key"
    SHADOWED = "shadowed"
    LEGACY_HASH = "legacy hash"
    REPLACED = "replaced"
    UNREADABLE = "unreadable"
    OTHER_PROGRAM = "other program"
    NO_HOST_NAME = "no host name"
    STOPPED = "stopped"
    NO_BINDING = "no binding"


class Problem(str):
    """A problem in a sentence."""

    kind: ProblemKind

    def __new__(cls, kind: ProblemKind, sentence: str) -> Self:
        """Keep the kind beside the sentence."""
        made = super().__new__(cls, sentence)
        made.kind = kind
        return made

    def __reduce__(self) -> tuple[object, ...]:
        """How a copy is made."""
        return type(self), (self.kind, str(self))


_MEANINGS = {
    ProblemKind.EXPIRED: (
        "clients refuse the certificate: renew it, or put another in its place with "
        "'psrebind rebind {target} --old … --new …'"
    ),
    ProblemKind.NO_RECORD: (
        "http.sys has nothing for the binding and turns its clients away: "
        "give it a certificate in IIS Manager"
    ),
    ProblemKind.NO_CERTIFICATE: (
        "the http.sys record names no certificate: give the binding one in IIS Manager"
    ),
    ProblemKind.NOT_IN_STORE: (
        "http.sys names a certificate that its store does not have: import it there again with "
        "its key, or rebind to another"
    ),
    ProblemKind.NO_KEY: (
        "the certificate has no private key on the host: import it again with its key, or rebind "
        "to one that has it"
    ),
    ProblemKind.SHADOWED: (
        "another http.sys record, which --wide names, may answer in the binding's place: "
        "remove that one where nothing needs it"
    ),
    ProblemKind.LEGACY_HASH: (
        "IIS 6 left a certificate hash (property 5506) for the site, by which its mapper may bind "
        "the old certificate again when it starts: remove 5506 and 5511 from customMetadata"
    ),
    ProblemKind.REPLACED: (
        "the certificate was renewed and the binding has the old one: "
        "'psrebind replay {target}' shows what follows, and does it with --yes"
    ),
    ProblemKind.UNREADABLE: "it could not be read: --wide has the reason",
    ProblemKind.OTHER_PROGRAM: (
        "the record is another program's, which --wide names: "
        "change the certificate in that program, or it may put the old one back"
    ),
    ProblemKind.NO_HOST_NAME: (
        "SNI is on for a binding without a host name: give it one in IIS Manager, or turn SNI off"
    ),
    ProblemKind.STOPPED: "the site does not run: start it, or leave its binding out of account",
    ProblemKind.NO_BINDING: (
        "the http.sys record belongs to no IIS binding: leave it to the program that made it, "
        "or remove it with 'netsh http delete sslcert'"
    ),
}


def explain_problems(kinds: Iterable[ProblemKind], target: str) -> list[tuple[ProblemKind, str]]:
    """Each kind once, the worst first, and what to do about it."""
    found = set(kinds)
    return [(one, _MEANINGS[one].format(target=target)) for one in ProblemKind if one in found]


def rank_problems(problems: Sequence[str], days_left: int | None) -> tuple[int, int]:
    """What the worst binding has the least of: problems by their kind, then days."""
    order = list(ProblemKind)
    worst = min((order.index(ProblemKind(one)) for one in problems), default=len(order))
    return worst, 10**6 if days_left is None else days_left
