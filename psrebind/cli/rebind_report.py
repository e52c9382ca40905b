"""What a rebind says to a person: its plan, its results, and what to do next."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from psrebind.cli.messages import tell
from psrebind.cli.options import Format
from psrebind.cli.output import show
from psrebind.cli.rebind_lines import (
    RebindLine,
    plan_lines,
    plan_row,
    result_lines,
    result_row,
)
from psrebind.rebind.plan import Note, Plan
from psrebind.rebind.run import Applied, Prepared, Stage
from psrebind.rebind.verify import Verdict


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
    place = f"{note.binding.information} of {note.binding.site}: " if note.binding else ""
    return f"{place}{note.text}"


def plan_sentence(prepared: Prepared, *, dry_run: bool) -> str:
    """What a plan comes to."""
    plan = prepared.plan
    count = sum(len(step.bindings) for step in plan.steps)
    parts = [f"{_bindings(count)} to change" if count else "nothing to change"]
    parts += [f"{len(plan.done)} done already"] if plan.done else []
    parts += _left_alone(plan)
    return ", ".join(parts) + ("; nothing was changed" if dry_run else "")


def _left_alone(plan: Plan) -> list[str]:
    """How many bindings a plan does not touch, and why; each may need a person."""
    # A binding may be refused by several rules, each a line of its own.
    refused = len({(one.binding.site_id, one.binding.information) for one in plan.refusals})
    parts = [f"{refused} refused"] if refused else []
    parts += [f"{len(plan.skipped)} that appcmd would skip in silence"] if plan.skipped else []
    return parts


def show_result(applied: Applied, form: Format) -> None:
    """Print what became of each binding, then what to do next."""
    show(result_lines(applied), form, short=result_row)
    tell_result(applied)


def tell_result(applied: Applied, *, command: str | None = "the same command") -> None:
    """Say what to do next, and by which command, if any, to go back."""
    lines = result_lines(applied)
    for sentence in _sentences(applied, lines, command):
        tell(f"{applied.prepared.host}: {sentence}")


def _sentences(applied: Applied, lines: Sequence[RebindLine], command: str | None) -> list[str]:
    if applied.obstacle:
        return [f"nothing was changed: {applied.obstacle}"]
    told = []
    if applied.appcmd and applied.appcmd.exit:
        said = " ".join(applied.appcmd.output)
        told.append(f"appcmd ended with {applied.appcmd.exit}: {said}")
    count = sum(line.outcome == "changed" for line in lines)
    failed = sum(line.outcome == "failed" for line in lines)
    told.append(
        f"{_bindings(count)} changed"
        + (f", {failed} failed" if failed else "")
        + "".join(f", {part}" for part in _left_alone(applied.prepared.plan))
    )
    verdicts = {line.verdict for line in lines}
    if Verdict.PENDING in verdicts:
        told.append(
            "pending: the configuration has the new certificate and clients still get the old "
            "one; look again in a minute"
        )
    if Verdict.UNVERIFIED in verdicts:
        told.append("unverified: no handshake from here could show what clients get")
    if Verdict.BROKEN in verdicts:
        told.append("broken: clients were served before and are not, or not as they should be")
    told += [_said(note) for note in applied.prepared.plan.notes if note.lasting]
    if command and any(result.changed for result in applied.steps):
        told.append(_way_back(applied.prepared, command))
    return told


def _way_back(prepared: Prepared, same: str) -> str:
    renewal, others = prepared.renewal, len(prepared.plan.done)
    command = f"run {same} with --old {renewal.new} --new {renewal.old}"
    also = f"; that takes {_bindings(others)} along that had the new one before" if others else ""
    return f"to go back, {command}{also}"


def _bindings(count: int) -> str:
    return "1 binding" if count == 1 else f"{count} bindings"
