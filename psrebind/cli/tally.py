"""What became of many hosts: counted as it comes, told at the end, the same causes together.

Keeps a count and a few names for each cause. Knows outcomes and errors; prints to stderr only.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from psrebind.cli.appearance import Word
from psrebind.cli.messages import tell
from psrebind.errors import (
    HostError,
    InvalidInput,
    NoSuchCertificate,
    PsrebindError,
    ScriptError,
    SessionError,
)
from psrebind.fleet.fleet import FleetHost
from psrebind.fleet.runner import Result
from psrebind.rebind.observe import with_remedy
from psrebind.rebind.outcome import Outcome, exit_status, outcome_of_error

BUG = 1
NOT_REACHED = 4
USAGE = 5
_NAMES = 5
_WORDS = {0: "done", 2: "failed", 3: "for a person to look at", 4: "unreachable", 6: "unknown"}
# What a command gives of a host that answered: an outcome, or an exit status where none fits.
Ending = Outcome | int


@dataclass
class _Cause:
    """Hosts that ended alike: the first one's sentence, a few names, and the number."""

    word: str
    sentence: str
    names: list[str] = field(default_factory=list)
    count: int = 0


class Tally:
    """Counts the endings of a run's hosts."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.words: Counter[str] = Counter()
        self._statuses: set[int] = set()
        self._causes: dict[tuple[str, str], _Cause] = {}
        self._began = monotonic()
        self._absent = 0

    @property
    def done(self) -> int:
        """How many hosts have ended."""
        return self.words.total()

    @property
    def exit_status(self) -> int:
        """The one exit status of the run."""
        # What one of many hosts lacks may be right; what all of them lack was mistyped.
        nowhere = [USAGE] if self._absent and self._absent == self.total else []
        return exit_status([*self._statuses, *nowhere])

    def count(self, ending: Ending) -> None:
        """Count a host that answered."""
        if isinstance(ending, Outcome):
            self._count(ending.value, ending.exit_status)
        else:
            self._count(_WORDS.get(ending, "failed"), ending)

    def count_failure(self, result: Result[FleetHost, Any]) -> None:
        """Count a host that did not: it was lost, never tried, or met a bug of ours."""
        if result.bug is not None:
            # All of it at once: nobody can report half a traceback.
            sys.stderr.write(result.bug)
            self._fail(result.host, "failed", "a bug in psrebind: please report the lines above")
            self._statuses.add(BUG)
        elif result.error is None:
            self._fail(result.host, Outcome.SKIPPED.value, "not tried")
            self._statuses.add(NOT_REACHED)
        else:
            word, status = _judged(result.error)
            self._absent += isinstance(result.error, NoSuchCertificate)
            self._fail(result.host, word, _sentence(result.error), _reason(result.error))
            self._statuses.add(status)

    def unwritten(self, error: OSError) -> None:
        """Say that rows were lost, which is a failure of the run and of no host."""
        tell(f"the rows could not be kept until the end: {error.strerror or error}")
        self._statuses.add(Outcome.FAILED.exit_status)

    def interrupted(self, status: int) -> None:
        """Remember which signal ended the run, by the exit status that says so."""
        self._statuses.add(status)

    def report(self) -> None:
        """Say what went wrong, each cause once, and then what became of how many."""
        causes = {id(cause): cause for cause in self._causes.values()}.values()
        for cause in sorted(causes, key=lambda one: -one.count):
            rest = f": {_listed(cause)}: {cause.sentence}"
            tell(f"{_hosts(cause.count)} ", Word(cause.word), rest)
        took = f"{_hosts(self.total)} in {monotonic() - self._began:.1f} s"
        counts = [
            part
            for at, (word, count) in enumerate(self.words.most_common())
            for part in (f"{', ' if at else ': '}{count} ", Word(word))
        ]
        tell(took, *(counts or [": "]))

    def _count(self, word: str, status: int) -> None:
        self.words[word] += 1
        self._statuses.add(status)

    def _fail(self, host: FleetHost, word: str, sentence: str, reason: str | None = None) -> None:
        self.words[word] += 1
        said = reason or sentence
        same, alike = (word, said), (word, _nameless(said, host))
        cause = self._causes.get(same) or self._causes.get(alike)
        if cause is None:
            cause = self._causes[same] = self._causes[alike] = _Cause(word, _one_line(sentence))
        cause.count += 1
        if len(cause.names) < _NAMES:
            cause.names.append(host.name)


def _nameless(text: str, host: FleetHost) -> str:
    """The text with the host's names taken out, which is all that two hosts may differ in.

    Whole words only: a host named ``port`` must not tear every sentence on ports.
    """
    names = {host.name, host.address, host.options.host if host.options else host.name}
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w.-])(?:{either})(?![\w-]|\.\w)", "HOST", text)


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _judged(error: PsrebindError) -> tuple[str, int]:
    if isinstance(error, NoSuchCertificate):
        return Outcome.UNCHANGED.value, Outcome.UNCHANGED.exit_status
    if isinstance(error, InvalidInput):
        return Outcome.SKIPPED.value, USAGE
    outcome = outcome_of_error(error)
    return outcome.value, outcome.exit_status


def _sentence(error: PsrebindError) -> str:
    if isinstance(error, SessionError):
        return f"{error.reason.rstrip('.')}. {error.advice}" if error.advice else error.reason
    return str(with_remedy(error) if isinstance(error, HostError) else error)


def _reason(error: PsrebindError) -> str:
    """What two hosts have in common that failed alike, whatever language they speak.

    Advice may name a file of the one host.
    """
    if isinstance(error, SessionError):
        return error.reason
    if isinstance(error, ScriptError) and error.error_id:
        return f"{error.error_id} {error.hresult} {error.place}"
    return _sentence(error)


def _listed(cause: _Cause) -> str:
    more = cause.count - len(cause.names)
    return ", ".join(cause.names) + (f" and {more} more" if more else "")


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count} hosts"
