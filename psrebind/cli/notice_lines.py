"""What a notice says of a host: that it was raised, or what speaks against it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from psrebind.cli.task_lines import channel_words
from psrebind.operations.send_renewal_notice import RenewalNotice
from psrebind.rebind.notice import Objection
from psrebind.services import service
from psrebind.services.rules import Rule


@dataclass(frozen=True)
class Noticed:
    """What speaks against a notice, and the notice, where it was raised all the same."""

    against: tuple[Objection, ...]
    row: RenewalNotice | None = None


@dataclass(frozen=True, kw_only=True)
class NoticeLine:
    """A notice that was raised, or one reason why it was refused."""

    outcome: str
    enabled: bool | None = None
    record: int | None = None
    linked: bool | None = None
    old_store: str | None = None
    new_store: str | None = None
    site: str | None = None
    binding: str | None = None
    rule: Rule | None = None
    reason: str | None = None


def notice_lines(found: Noticed) -> list[NoticeLine]:
    """The notice as one line; else one line for each reason against it."""
    if row := found.row:
        line = NoticeLine(
            outcome="raised",
            enabled=row.enabled,
            record=row.record,
            linked=row.linked,
            old_store=row.old_store,
            new_store=row.new_store,
        )
        return [line]
    return [
        NoticeLine(
            outcome="refused",
            site=service(one.place.service).columns(one.place)[0] if one.place else None,
            binding=service(one.place.service).columns(one.place)[1] if one.place else None,
            rule=one.rule,
            reason=one.reason,
        )
        for one in found.against
    ]


def notice_row(line: NoticeLine) -> dict[str, object]:
    """A line for a table."""
    if line.outcome == "raised":
        return {"log": channel_words(line.enabled), "record": line.record, "linked": line.linked}
    place = {"site": line.site, "binding": line.binding} if line.site else {}
    return {"outcome": line.outcome, **place, "reason": f"{line.rule}: {line.reason}"}


def objection_words(one: Objection) -> str:
    """An objection in a sentence."""
    place = f"{one.place.name}: " if one.place else ""
    return f"{one.rule}: {place}{one.reason}"
