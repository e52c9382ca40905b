"""One credential of many hosts: who may send it, until a host has accepted or refused it.

All hosts connect at once; only the moment before the credential goes out for the first time waits
for its turn. Twenty hosts must not lock an account out of its domain, and a dead one must not
hold up the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Condition

from psrebind.errors import AuthenticationError, PsrebindError
from psrebind.sessions.base import Limits
from psrebind.sessions.script_call import Phase, stopped

# How late a host that waits may notice that its limits are reached.
_TICK = 0.2


@dataclass
class Standing:
    """What is known of one credential by now."""

    accepted: bool = False
    refusal: AuthenticationError | None = None
    holder: Turn | None = None
    changed: Condition = field(default_factory=Condition)

    def refused_for(self, host: str) -> AuthenticationError | None:
        """The error of a host that may not try what another one has refused."""
        if self.refusal is None:
            return None
        reason = f"not tried: {self.refusal.host} refused the same credential"
        return AuthenticationError(host, reason, advice=self.refusal.advice)


@dataclass(eq=False)
class Turn:
    """The Logon of one host's session: its turn to send the credential, and how that ended.

    ``passed_over`` when its time was over while another host had the turn.
    """

    host: str
    limits: Limits
    standing: Standing
    passed_over: bool = False

    def begin(self) -> None:
        """Wait until the host may send the credential; raise when it may not any more."""
        standing = self.standing
        with standing.changed:
            while not (standing.accepted or standing.refusal):
                is_free = standing.holder in (None, self)
                # First of all: a session that nobody waits for any more must not take a turn.
                if reason := self.limits.reached:
                    self.passed_over = not is_free
                    raise stopped(self.host, Phase.OPENING, reason)
                if is_free:
                    standing.holder = self
                    return
                standing.changed.wait(_TICK)
            if refusal := standing.refused_for(self.host):
                raise refusal

    def accepted(self) -> None:
        """Let all hosts send it."""
        with self.standing.changed:
            self.standing.accepted = True
            self.standing.changed.notify_all()

    def ended(self, error: PsrebindError | None) -> None:
        """Note a refusal, or hand the turn on: any other failure says nothing of the credential."""
        standing = self.standing
        with standing.changed:
            if isinstance(error, AuthenticationError) and standing.refusal is None:
                standing.refusal = error
            if standing.holder is self:
                standing.holder = None
            standing.changed.notify_all()
