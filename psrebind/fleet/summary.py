"""What became of the hosts of a run: counted as it comes, hosts that failed alike together.

A count and a few names are kept of each cause, and nothing of the hosts.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from psrebind.errors import (
    InvalidInput,
    NoSuchCertificate,
    PsrebindError,
    ScriptError,
    SessionError,
)
from psrebind.fleet.host import FleetHost
from psrebind.fleet.runner import Result
from psrebind.rebind.outcome import BUG, Outcome, exit_status, outcome_of_error

_MOST_NAMED = 5
_WORDS = {0: "done", 2: "failed", 3: "for a person to look at", 4: "unreachable", 6: "unknown"}
# What a command gives of a host that answered: an outcome, or an exit status where none fits.
Ending = Outcome | int


@dataclass
class Cause:
    """Hosts that ended alike: the first one's sentence, a few names, and the number."""

    word: str
    sentence: str
    names: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def hosts(self) -> str:
        """The names, and how many more there are."""
        more = self.count - len(self.names)
        return ", ".join(self.names) + (f" and {more} more" if more else "")


class RunSummary:
    """Counts the endings of a run's hosts, of which there are ``total``."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.words: Counter[str] = Counter()
        self._statuses: set[int] = set()
        self._causes: dict[tuple[str, str], Cause] = {}
        self._absent = 0

    @property
    def done(self) -> int:
        """How many hosts have ended."""
        return self.words.total()

    @property
    def exit_status(self) -> int:
        """The one exit status of the run."""
        # What one of many hosts lacks may be right; what all of them lack was mistyped.
        nowhere = [InvalidInput.exit_status] if self._absent and self._absent == self.total else []
        return exit_status([*self._statuses, *nowhere])

    def count(self, ending: Ending) -> None:
        """Count a host that answered."""
        if isinstance(ending, Outcome):
            word, status = ending.value, ending.exit_status
        else:
            word, status = _WORDS.get(ending, "failed"), ending
        self.words[word] += 1
        self._statuses.add(status)

    def count_failure(self, result: Result[FleetHost, Any]) -> None:
        """Count a host that did not: it was lost, never tried, or met a bug of ours."""
        if result.bug is not None:
            self._fail(result.host, "failed", "a bug in psrebind: please report the lines above")
            self._statuses.add(BUG)
        elif result.error is None:
            self._fail(result.host, Outcome.SKIPPED.value, "not tried")
            self._statuses.add(Outcome.UNREACHABLE.exit_status)
        else:
            word, status = _judged(result.error)
            self._absent += isinstance(result.error, NoSuchCertificate)
            self._fail(result.host, word, _sentence(result.error), _reason(result.error))
            self._statuses.add(status)

    def count_status(self, status: int) -> None:
        """Count an exit status of the run itself: rows were lost, or a signal ended it."""
        self._statuses.add(status)

    @property
    def causes(self) -> list[Cause]:
        """What went wrong, each cause once, the most frequent first."""
        found = {id(cause): cause for cause in self._causes.values()}.values()
        return sorted(found, key=lambda one: -one.count)

    def _fail(self, host: FleetHost, word: str, sentence: str, reason: str | None = None) -> None:
        self.words[word] += 1
        said = reason or sentence
        same, alike = (word, said), (word, _nameless(said, host))
        cause = self._causes.get(same) or self._causes.get(alike)
        if cause is None:
            line = " ".join(part.strip() for part in sentence.splitlines() if part.strip())
            cause = self._causes[same] = self._causes[alike] = Cause(word, line)
        cause.count += 1
        if len(cause.names) < _MOST_NAMED:
            cause.names.append(host.name)


def _nameless(text: str, host: FleetHost) -> str:
    """The text with the host's names taken out, which is all that two hosts may differ in.

    Whole words only: a host named ``port`` must not tear every sentence on ports.
    """
    names = {host.name, host.address, host.options.host if host.options else host.name}
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w.-])(?:{either})(?![\w-]|\.\w)", "HOST", text)


def _judged(error: PsrebindError) -> tuple[str, int]:
    if isinstance(error, NoSuchCertificate):
        return Outcome.UNCHANGED.value, Outcome.UNCHANGED.exit_status
    if isinstance(error, InvalidInput):
        return Outcome.SKIPPED.value, error.exit_status
    outcome = outcome_of_error(error)
    return outcome.value, outcome.exit_status


def _sentence(error: PsrebindError) -> str:
    if isinstance(error, SessionError):
        return f"{error.reason.rstrip('.')}. {error.advice}" if error.advice else error.reason
    return str(error)


def _reason(error: PsrebindError) -> str:
    """What two hosts have in common that failed alike, whatever language they speak.

    Advice may name a file of the one host.
    """
    if isinstance(error, SessionError):
        return error.reason
    if isinstance(error, ScriptError) and error.error_id:
        return f"{error.error_id} {error.hresult} {error.place}"
    return _sentence(error)
