"""The questions of a check, and what a host answered.

A question is an assumption about Windows: a field of a frozen dataclass with its default and the
sentence below it. The lab has such a dataclass; whoever starts a check hands it in.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

from psrebind.errors import HostError

# Assumptions that no switch of the lab covers, with what it takes for true.
FIXED: dict[str, tuple[Any, str]] = {
    "sni_keys_are_numbers": (True, "[K] SslSniBindingInfo names its keys by a running number."),
    "sni_value_names_the_server": (True, "[K] The value HostnamePort of such a key is host:port."),
    "ccs_keys_are_ports": (True, "[K] SslCcsBindingInfo keys its records by the bare port."),
}
UNASKED: dict[str, str] = {
    "task_missing_value_stays_as_written": "it needs a task that runs and keeps its arguments",
    "task_hidden_from_unelevated": "it needs a second account that is not elevated",
    "task_broken_fails_in_named_queries": "it needs a broken task, which nobody makes on purpose",
    "binding_checks_key_last": "it needs a key that is gone, and may take a binding's certificate",
    "task_broken_fails_in_lists": "it needs a broken task, which nobody makes on purpose",
    "site_state_needs_http_binding": "it needs a site without HTTP; bindings shows one as Unknown",
    "binding_name_is_a_pattern": "it needs a site whose name has a bracket or a quote",
    "switch_certificate_needs_my": "it needs two certificates in WebHosting, and raises an event",
    "event_delay_milliseconds": "a notice waits up to 15 s for its event, however long it takes",
}
NEEDS_CHANGES = "only queries were sent; --changes asks it on a site of its own"


class Verdict(StrEnum):
    """Whether a host does what the lab takes for true; so far: it was not seen to do otherwise."""

    AGREES = "agrees"
    SO_FAR = "agrees so far"
    DIFFERS = "differs"
    UNSETTLED = "not settled"


@dataclass(frozen=True)
class Question:
    """One assumption: what the lab takes for true, and the sentence that says what it is."""

    assumed: Any
    sentence: str


@dataclass(frozen=True)
class Answer:
    """One question: the lab's default, what was seen (None for nothing), and on what ground."""

    question: str
    sentence: str
    assumed: Any
    seen: Any
    verdict: Verdict
    because: str


@dataclass
class Answers:
    """The answers so far; a later one replaces an earlier one that settled nothing."""

    questions: Mapping[str, Question]
    found: dict[str, Answer] = field(default_factory=dict)

    def settle(self, question: str, seen: Any, because: str, *, agrees: bool | None = None) -> None:
        """Keep what was seen; it agrees where it is what the lab takes for true."""
        same = seen == self.questions[question].assumed if agrees is None else agrees
        verdict = Verdict.AGREES if same else Verdict.DIFFERS
        self._keep(question, seen, verdict, because)

    def unseen(self, question: str, because: str) -> None:
        """Keep that something was looked for and not seen, which proves nothing."""
        self._keep(question, False, Verdict.SO_FAR, because)

    def leave(self, question: str, because: str) -> None:
        """Keep why a question is not settled, unless it is by now."""
        known = self.found.get(question)
        if known is None or known.verdict is Verdict.UNSETTLED:
            self._keep(question, None, Verdict.UNSETTLED, because)

    @contextmanager
    def attempt(self, *questions: str) -> Iterator[None]:
        """Whatever the host says no to in this block leaves the questions open, with its words."""
        try:
            yield
        except HostError as error:
            for question in questions:
                self.leave(question, str(error))

    def all(self, *, changes: bool) -> tuple[Answer, ...]:
        """An answer to every question, in the order of the assumptions."""
        for question in self.questions:
            if question not in self.found:
                reason = UNASKED.get(question, "" if changes else NEEDS_CHANGES)
                self.leave(question, reason or "nothing on this host showed it")
        return tuple(self.found[question] for question in self.questions)

    def _keep(self, question: str, seen: Any, verdict: Verdict, because: str) -> None:
        asked = self.questions[question]
        self.found[question] = Answer(
            question, asked.sentence, asked.assumed, seen, verdict, because
        )


class Unanswered(HostError):
    """What was tried did not show what it was tried for; the text says why."""


def questions_of(assumptions: Any) -> dict[str, Question]:
    """A question for each field of a dataclass's value, with the sentence below it in its source,
    and those that have no field."""
    kind = type(assumptions)
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for named, said in pairwise(tree.body):
        if isinstance(named, ast.AnnAssign) and isinstance(named.target, ast.Name):
            name = named.target.id
            found[name] = Question(getattr(assumptions, name), _text(said))
    return found | {name: Question(*fixed) for name, fixed in FIXED.items()}


def _text(node: ast.stmt) -> str:
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Constant)
    return str(node.value.value)


def number(values: Sequence[int]) -> str:
    """Some numbers as a person reads them."""
    return ", ".join(str(value) for value in values) or "none"
