"""Tell Windows that one certificate has replaced another: event 1001."""

from __future__ import annotations

from dataclasses import dataclass, field

from psrebind.decode.events import SYSTEM_CHANNEL
from psrebind.model import STORES, Thumbprint
from psrebind.operations.base import Notice
from psrebind.operations.get_lifecycle_event import event_query


@dataclass(frozen=True)
class RenewalNotice:
    """One row: ``record`` is the event's number, None where the log is off and keeps none.

    The stores are those in which the two certificates were found.
    """

    enabled: bool
    record: int | None
    linked: bool
    old_store: str
    new_store: str


@dataclass(frozen=True, kw_only=True)
class SendRenewalNotice(Notice[RenewalNotice]):
    """Tell Windows that one certificate has replaced another: event 1001.

    With ``link`` the old certificate also gets the renewal property: Schannel may then serve the
    new one wherever the old one is bound (field notes A7).
    """

    old: Thumbprint
    new: Thumbprint
    link: bool = False
    stores: tuple[str, ...] = STORES
    channel: str = SYSTEM_CHANNEL
    query: str = field(init=False)

    def __post_init__(self) -> None:
        """Look for the notice by the old certificate."""
        object.__setattr__(self, "query", event_query(ids=[1001], thumbprint=self.old))
