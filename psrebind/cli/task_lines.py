"""What the commands on tasks say: reports, outcomes and reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from psrebind.cli.moments import shown
from psrebind.cli.phrases import Phrase, certificate, change, joined
from psrebind.rebind.shared_templates import SharedTemplate
from psrebind.rebind.task_report import (
    PLACES,
    Notice,
    OtherTask,
    TaskMethod,
    TaskReport,
)

# Under these a script without a signature does not run (field notes A6).
REFUSING_POLICIES = ("Restricted", "AllSigned")
_REPLACED = (
    ". Autoenrollment renews one and replaces the others by it, and the task would put that "
    "one on every site. Give each a template of its own"
)
_NOT_REPLACED = (
    ". Nothing replaces one by another here, since autoenrollment is off. Give each a template of "
    "its own before group policy turns it on: the task would then put one certificate on every site"
)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class TaskLine:
    """What became of the task: changed, unchanged or skipped; ``planned`` in a dry run.

    ``differences`` are those that were found before; ``note`` is what stops nothing today.
    """

    host: str
    method: TaskMethod
    task: str
    outcome: str
    channel: str
    differences: tuple[str, ...] = ()
    others: tuple[OtherTask, ...] = ()
    reason: str | None = None
    note: Phrase | None = None


def task_line_row(line: TaskLine) -> dict[str, object]:
    """An outcome for a person: what there is to say."""
    row = {
        "task": line.task,
        "outcome": line.outcome,
        "log": line.channel,
        "differences": list(line.differences),
        "reason": line.reason,
    }
    return {name: value for name, value in row.items() if value}


def report_row(report: TaskReport) -> dict[str, object]:
    """A report for a person, without its events."""
    row = {
        "task": task_name(report.method),
        "state": report.state or "absent",
        "differences": list(report.differences) or ("none" if report.present else None),
        "last run": shown(report.last_run),
        "last result": report.last_result,
        "log": channel_words(report.channel),
        "log reaches back to": shown(report.reach) or "nothing: it is empty",
        "other tasks": [other_words(one) for one in report.others],
        "of one template": [
            template_sentence(one, enrolls=report.autoenrollment) for one in report.templates
        ],
        "autoenrollment": ("on" if report.autoenrollment else "off") if report.shared else None,
    }
    return {name: value for name, value in row.items() if value}


def notice_row(notice: Notice) -> dict[str, object]:
    """An event 1001 for a table."""
    return {
        "time": shown(notice.time),
        "record": notice.record_id,
        "certificate": change(
            (notice.old_name, notice.old or "?"), (notice.new_name, notice.new or "?")
        ),
        "handled": notice.handled.value,
        "why": notice.why,
    }


def task_name(method: TaskMethod) -> str:
    """The task of a method with its whole path."""
    return "".join(PLACES[method])


def channel_words(enabled: bool | None) -> str:
    """Whether the event log is on."""
    return {True: "on", False: "off", None: "not on this Windows"}[enabled]


def other_words(other: OtherTask) -> str:
    """Another task on the same event, in a sentence."""
    return f"{other.name} ({other.state}) {other.does}"


def template_sentence(shared: SharedTemplate, *, enrolls: bool) -> Phrase:
    """Bound certificates of one template, and what follows: failure 2 of the field notes."""
    count = len(shared.certificates)
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    named = joined((certificate(one.name, one.thumbprint) for one in shared.certificates), ", ")
    template = f", {shared.template}" if shared.template else ""
    return Phrase(
        f"{number} bound certificates come from one template{template}: ",
        named,
        _REPLACED if enrolls else _NOT_REPLACED,
    )


def shared_reason(templates: Iterable[SharedTemplate]) -> Phrase:
    """Why a host is skipped."""
    sentences = (template_sentence(one, enrolls=True) for one in templates)
    return Phrase(joined(sentences, ". "), ", or use --force")


def shared_note(templates: Iterable[SharedTemplate], *, enrolls: bool) -> Phrase:
    """What a person should know where nothing is refused."""
    return joined((template_sentence(one, enrolls=enrolls) for one in templates), ". ")


def policy_sentence(policy: str) -> str | None:
    """Why the script of a notification task may not run."""
    if policy not in REFUSING_POLICIES:
        return None
    return (
        f"the execution policy {policy} does not let the task's script run: set RemoteSigned, or "
        "use --method appcmd, which needs no script"
    )
