"""The problems of a binding: each is a sentence, and of a kind."""

from __future__ import annotations

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
