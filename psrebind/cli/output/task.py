"""The task that follows renewals, and notices, as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.phrase import describe_channel, format_time, name_renewal

if TYPE_CHECKING:
    from psrebind.rebind.notice import NoticeLine
    from psrebind.rebind.task import TaskLine
    from psrebind.rebind.task_report import Notice, TaskReport


def task_row(line: TaskLine) -> dict[str, object]:
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
        "task": report.task,
        "state": report.state or "absent",
        "differences": list(report.differences) or ("none" if report.present else None),
        "last run": format_time(report.last_run),
        "last result": report.last_result,
        "log": describe_channel(report.channel),
        "log reaches back to": format_time(report.reach) or "nothing: it is empty",
        "other tasks": [str(one) for one in report.others],
        "of one template": report.template_sentences,
        "autoenrollment": ("on" if report.autoenrollment else "off") if report.shared else None,
    }
    return {name: value for name, value in row.items() if value}


def event_notice_row(notice: Notice) -> dict[str, object]:
    """An event 1001 for a table."""
    return {
        "time": format_time(notice.time),
        "record": notice.record_id,
        "certificate": name_renewal(
            (notice.old_name, notice.old or "?"), (notice.new_name, notice.new or "?")
        ),
        "handled": notice.handled.value,
        "why": notice.why,
    }


def notice_row(line: NoticeLine) -> dict[str, object]:
    """A notice that was raised or refused, for a table."""
    if line.outcome == "raised":
        log = describe_channel(line.enabled)
        return {"log": log, "record": line.record, "linked": line.linked}
    place = {"site": line.site, "binding": line.binding} if line.site else {}
    return {"outcome": line.outcome, **place, "reason": f"{line.rule}: {line.reason}"}
