"""What a rebind says to a person: its plan, its results, and what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from psrebind.cli.messages import count_of, tell
from psrebind.cli.options import Format
from psrebind.cli.output import show
from psrebind.cli.rebind_lines import (
    plan_lines,
    plan_row,
    result_lines,
    result_row,
)
from psrebind.model import Renewal
from psrebind.rebind.reversal import reversal
from psrebind.rebind.run import Applied, Prepared, Stage
from psrebind.rebind.verify import Verdict
from psrebind.services.steps import Note, Plan

# Of what was refused; the table above has them all.
_NAMED = 5


class Stages:
    """How far a rebind has come, for whoever interrupts it."""

    def __init__(self, host: str):
        self._host = host
        self._stage: Stage | None = None

    def note(self, stage: Stage, text: str) -> None:
        """Remember a stage; say at once where the state before is."""
        self._stage = stage
        if stage is Stage.SAVED:
            tell(f"the state before is in {text}")

    def explain_interruption(self) -> None:
        """Say what is known of a run that a person ended."""
        if self._stage is Stage.CHANGING:
            tell(
                "whether the changes ran is unknown: look with "
                f"'psrebind bindings {self._host}', and run the same command again to finish"
            )
        elif self._stage is Stage.VERIFYING:
            tell("the changes were made; only the handshakes after them are missing")
        else:
            tell("nothing was changed")


def show_plan(prepared: Prepared, form: Format, *, dry_run: bool) -> None:
    """Print the plan: as data when it is all that was asked for, else beside the data."""
    lines = plan_lines(prepared)
    nothing_follows = dry_run or not prepared.plan.steps
    if nothing_follows and form != "table":
        show(lines, form)
    else:
        stream = sys.stdout if nothing_follows else sys.stderr
        show(lines, "table", short=plan_row, stream=stream)
    tell_notes(prepared)
    tell(f"{prepared.host}: {plan_sentence(prepared, dry_run=dry_run)}")


def tell_notes(prepared: Prepared) -> None:
    """Say what a person should know of a plan."""
    for note in prepared.plan.notes:
        tell(f"{prepared.host}: {_said(note)}")


def _said(note: Note) -> str:
    place = f"{note.place.name}: " if note.place else ""
    return f"{place}{note.text}"


def plan_sentence(prepared: Prepared, *, dry_run: bool) -> str:
    """What a plan comes to."""
    plan = prepared.plan
    count = len(plan.changing)
    parts = [f"{_bindings(count)} to change" if count else "nothing to change"]
    parts += [f"{len(plan.done)} done already"] if plan.done else []
    parts += _left_alone([plan])
    return ", ".join(parts) + ("; nothing was changed" if dry_run else "")


def _left_alone(plans: Sequence[Plan], *, named: bool = False) -> list[str]:
    """How many bindings the plans do not touch, and why; each may need a person."""
    # A binding may be refused by several rules, each a line of its own.
    rules: dict[str, list[str]] = {}
    for plan in plans:
        for one in plan.refusals:
            rules.setdefault(one.place.name, []).append(one.rule)
    parts = [f"{len(rules)} refused"] if rules else []
    if named and rules:
        shown = [f"{place} ({', '.join(found)})" for place, found in rules.items()]
        more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
        parts = [f"{len(rules)} refused: {', '.join(shown[:_NAMED])}{more}"]
    skipped = sum(len(plan.skipped) for plan in plans)
    return parts + ([f"{skipped} that appcmd would skip in silence"] if skipped else [])


def show_result(applied: Applied, form: Format) -> None:
    """Print what became of each binding, then what to do next."""
    show(result_lines(applied), form, short=result_row)
    tell_result(applied)


def tell_result(applied: Applied, *, command: str | None = "the same command") -> None:
    """Say what to do next, and by which command, if any, to go back."""
    tell_results(applied.prepared.host, [applied], command=command)


def tell_results(host: str, done: Sequence[Applied], *, command: str | None) -> None:
    """The same of all rebinds of one host, in one summary."""
    for sentence in _sentences(done, command):
        tell(f"{host}: {sentence}")


def _sentences(done: Sequence[Applied], command: str | None) -> Iterator[str]:
    for obstacle in dict.fromkeys(one.obstacle for one in done if one.obstacle):
        yield f"nothing was changed: {obstacle}"
    ran = [one for one in done if not one.obstacle]
    if not ran:
        return
    for one in ran:
        yield from one.remarks
    lines = [line for one in ran for line in result_lines(one)]
    count = sum(line.outcome == "changed" for line in lines)
    failed = sum(line.outcome == "failed" for line in lines)
    parts = [f"{_bindings(count)} changed"]
    parts += [f"{failed} failed"] if failed else []
    parts += _left_alone([one.prepared.plan for one in ran], named=True)
    yield ", ".join(parts)
    yield from _of_clients({line.verdict for line in lines})
    lasting = (note for one in ran for note in one.prepared.plan.notes if note.lasting)
    yield from dict.fromkeys(_said(note) for note in lasting)
    for one in ran if command else ():
        if back := reversal(one):
            yield _back(one.prepared, back, str(command))


def _of_clients(verdicts: set[Verdict | None]) -> Iterator[str]:
    if Verdict.PENDING in verdicts:
        yield (
            "pending: the configuration has the new certificate and clients still get the old "
            "one; look again in a minute"
        )
    if Verdict.UNVERIFIED in verdicts:
        yield "unverified: no handshake from here could show what clients get"
    if Verdict.BROKEN in verdicts:
        yield "broken: clients were served before and are not, or not as they should be"


def _back(prepared: Prepared, back: Renewal, same: str) -> str:
    others = len(prepared.plan.done)
    command = f"run {same} with --old {back.old} --new {back.new}"
    also = f"; that takes {_bindings(others)} along that had the new one before" if others else ""
    return f"to go back, {command}{also}"


def _bindings(count: int) -> str:
    return count_of(count, "binding")
