"""The report of one check: JSON for the project, Markdown for people, a table for the terminal.

No credential ever comes near it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psrebind
from psrebind.check_host.event_probes import Evidence
from psrebind.check_host.query_checks import Check
from psrebind.check_host.questions import Answer, Verdict
from psrebind.operations.get_host import Host
from psrebind.text import visible

SEND = (
    "Please send both files to the project, as an issue in its repository. They hold no password "
    "and no key; they do name the host, its domain and accounts: read them first."
)
MARKS = {True: "ok", None: "look", False: "FAILED"}


@dataclass(frozen=True)
class Report:
    """All that a check found; ``left`` is what could not be taken away."""

    target: str
    made: datetime
    changes: bool
    host: Host | None
    checks: tuple[Check, ...]
    answers: tuple[Answer, ...]
    evidence: Evidence = field(default_factory=Evidence)
    left: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether psrebind could not do its own work here."""
        return bool(self.left) or any(one.ok is False for one in self.checks)


def write(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write both files, and give where they are."""
    safe = re.sub(r"[^A-Za-z0-9.-]", "-", report.target)
    stem = f"psrebind-check-{safe}-{report.made:%Y%m%dT%H%M%SZ}"
    folder.mkdir(parents=True, exist_ok=True)
    data, text = folder / f"{stem}.json", folder / f"{stem}.md"
    data.write_text(json.dumps(document(report), indent=2, default=_json) + "\n", "ascii")
    text.write_text("\n".join(_markdown(report)) + "\n", "utf-8")
    return data, text


def document(report: Report) -> dict[str, Any]:
    """The report as JSON has it."""
    return {"psrebind": psrebind.__version__, **asdict(report)}


def _json(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def table(report: Report) -> list[dict[str, str]]:
    """What a terminal shows: the checks, then the questions."""
    checks = [
        {"question": one.name, "verdict": MARKS[one.ok], "seen": one.seen} for one in report.checks
    ]
    answers = [
        {"question": one.question, "verdict": one.verdict.value, "seen": _seen(one)}
        for one in report.answers
    ]
    return [*checks, *answers]


def summary(report: Report) -> str:
    """One sentence: how many questions ended how."""
    counts = Counter(one.verdict for one in report.answers)
    parts = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
    broken = sum(one.ok is False for one in report.checks)
    return (
        f"{len(report.answers)} questions: {parts}; {broken} of {len(report.checks)} checks failed"
    )


def _seen(answer: Answer) -> str:
    if answer.verdict is Verdict.UNSETTLED:
        return answer.because
    return f"{shown(answer, answer.seen)} ({answer.because})"


def shown(answer: Answer, value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    return f"0x{value:08X}" if answer.question.endswith("_hresult") else str(value)


def _markdown(report: Report) -> Iterator[str]:
    yield f"# psrebind on {_cell(report.target)}, {report.made:%Y-%m-%d %H:%M} UTC"
    yield ""
    yield SEND
    yield ""
    sent = "with changes" if report.changes else "queries only"
    yield f"psrebind {psrebind.__version__}; {sent}; "
    if host := report.host:
        yield (
            f"{_cell(host.windows)}, build {_cell(host.build)}, PowerShell {host.powershell}, "
            f"IIS {_cell(host.iis or 'none')}, {host.ui_culture}, {host.language_mode}"
        )
    yield f"\n{summary(report)}\n\n## Questions\n"
    heads = ("question", "what it says", "the lab's default", "seen here", "verdict", "because")
    rows = [
        (
            f"`{one.question}`",
            one.sentence,
            shown(one, one.assumed),
            "" if one.verdict is Verdict.UNSETTLED else shown(one, one.seen),
            one.verdict.value,
            one.because,
        )
        for one in report.answers
    ]
    yield from _rows(heads, rows)
    yield "\n## Checks of psrebind's own queries\n"
    yield from _rows(
        ("check", "", "seen"), [(one.name, MARKS[one.ok], one.seen) for one in report.checks]
    )
    if report.left:
        yield "\n## Left behind: remove by hand\n"
        yield from (f"- {_cell(one)}" for one in report.left)
    yield from (f"\n- {_cell(note)}" for note in report.evidence.notes)
    yield from _raw("Event 1001 as it came", report.evidence.events)
    yield from _raw("Tasks as they came back", report.evidence.exports)


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _raw(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"\n## {title}\n"
    for text in (one.replace("\r\n", "\n") for one in texts):
        yield f"~~~xml\n{visible(text, keep=chr(10)).replace('~~~', '')}\n~~~\n"


def _cell(text: str) -> str:
    return visible(" ".join(str(text).split())).replace("|", "\\|").replace("<", "&lt;")
