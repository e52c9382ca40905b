"""A rebind's plan and its result as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.phrase import Name, Phrase, join_phrases, name_certificate, name_renewal

if TYPE_CHECKING:
    from psrebind.rebind.handshake import Handshake
    from psrebind.rebind.lines import RebindLine


def plan_row(line: RebindLine) -> dict[str, str | None]:
    """A line of a plan for a table."""
    return {
        "site": Phrase(Name(line.site)),
        "binding": line.binding,
        "store": line.store,
        "outcome": line.outcome,
        "certificate": _certificates(line),
        "reason": ": ".join(part for part in (line.rule, line.reason) if part),
    }


def result_row(line: RebindLine) -> dict[str, str | None]:
    """A line of a result for a table; a refusal's reason stood in the plan above it.

    What clients were served is told where it is not what the configuration says: else the verdict
    says that it is.
    """
    seen = [_served(one) for one in (line.served_before, line.served_after) if one]
    configured = [name_certificate(None, one) for one in (line.before, line.after)]
    return {
        "site": Phrase(Name(line.site)),
        "binding": line.binding,
        "outcome": line.outcome,
        "certificate": _certificates(line),
        "served": _arrow(seen) if _arrow(seen) != _arrow(configured) else None,
        "verdict": line.verdict,
        "reason": line.rule or line.reason,
    }


def _certificates(line: RebindLine) -> Phrase:
    return name_renewal((line.name_before, line.before), (line.name_after, line.after))


def _arrow(states: list[Phrase]) -> Phrase:
    return join_phrases(dict.fromkeys(states) if len(set(states)) == 1 else states, " → ")


def _served(handshake: Handshake) -> Phrase:
    if handshake.thumbprint:
        return name_certificate(None, handshake.thumbprint)
    return Phrase(handshake.error or "nothing")
