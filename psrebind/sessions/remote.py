"""A session over WinRM: the side of it that waits.

pypsrp and requests are imported when the first host is asked: they cost a third of a second, which
`--help` should not pay.
"""

from __future__ import annotations

import time
from queue import Empty
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING

from psrebind import sessions
from psrebind.errors import AuthenticationError, InvalidInput
from psrebind.replies import Reply, parse
from psrebind.script import Script
from psrebind.sessions.base import Limits, Logon, OnStream, Session, StreamRecord
from psrebind.sessions.connection_options import (
    Authentication,
    ConnectionOptions,
    Fingerprint,
    lacks_extra,
    needs_extra,
)
from psrebind.sessions.credentials import Credential
from psrebind.sessions.script_call import Ending, Phase, ScriptCall, stopped

if TYPE_CHECKING:
    from psrebind.sessions.worker import PoolWorker


__all__ = ["Authentication", "ConnectionOptions", "Fingerprint", "RemoteSession"]

# How long the worker may take to stop and close once it should; then it is left alone.
GRACE = 3.0
# How long the shell's deletion over a fresh connection may take.
RESCUE = 5.0
# Short enough that Windows, where a waiting lock ignores Ctrl-C, delivers it: to the main thread.
TICK = 0.1
# Other threads need not look as often; twenty that do are felt.
FLEET_TICK = 1.0


class RemoteSession(Session):
    """A session with one host over WinRM; opens when the first script comes.

    The thread that calls only waits, so that Ctrl-C arrives; another one owns the runspace pool.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        credential: Credential | None = None,
        *,
        logon: Logon | None = None,
    ) -> None:
        if options.auth == "certificate" and credential:
            raise InvalidInput(f"{options.host}: a certificate and a password are one too many")
        has_password = credential is not None and credential.secret is not None
        if options.auth in ("ntlm", "basic", "credssp") and not has_password:
            raise InvalidInput(f"{options.host}: {options.auth} needs a user name and a password")
        if lacks_extra(options.auth):
            raise needs_extra(options)
        self.options = options
        self._credential = credential
        self._logon = logon
        self._worker: PoolWorker | None = None
        self._refused: AuthenticationError | None = None

    @property
    def host(self) -> str:
        """The host as the user named it."""
        return self.options.host

    def open(self, *, limits: Limits | None = None) -> None:
        """Open the session now, to learn whether the host lets us in."""
        self._ask(None, limits or Limits(), None)

    def invoke(
        self, script: Script, *, limits: Limits | None = None, on_stream: OnStream | None = None
    ) -> Reply:
        """Run one script in the session's runspace and give its reply."""
        return parse(self._ask(script, limits or Limits(), on_stream))

    def close(self) -> None:
        """End the session; raises nothing but Ctrl-C."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.leave()
        if worker.is_changing:
            return
        finished = False
        try:
            finished = _ended(worker)
        finally:
            # Ctrl-C may come here too, and leaves no shell behind either.
            if not finished:
                self._rescue(worker)

    def _ask(self, script: Script | None, limits: Limits, on_stream: OnStream | None) -> str:
        if self._worker:
            self._note_refusal(self._worker)
        if self._refused:
            raise AuthenticationError(self.host, self._refused.reason, advice=self._refused.advice)
        if reason := limits.reached:
            raise stopped(self.host, Phase.OPENING, reason)
        call = ScriptCall(script, limits)
        worker = self._worker = self._worker or sessions.PoolWorker(
            self.options, self._credential, self._logon
        )
        try:
            worker.ask(call)
            ending = _wait(call, worker, on_stream) or self._abandon(worker, call)
        except BaseException as error:
            call.give_up()
            if isinstance(error, KeyboardInterrupt):
                limits.cancelled.set()
            self.close()
            raise
        if isinstance(ending.error, AuthenticationError):
            self._refused = ending.error
        if ending.error:
            raise ending.error
        return ending.text

    def _abandon(self, worker: PoolWorker, call: ScriptCall) -> Ending:
        """Leave a worker alone that is stuck, and say what is known of its call."""
        phase = call.give_up()
        if phase is Phase.ANSWERED:
            return call.ending()
        self._worker = None
        worker.leave()
        self._rescue(worker)
        reason = call.limits.reached or "given up"
        return Ending(error=stopped(self.host, phase, reason, call.script))

    def _rescue(self, worker: PoolWorker) -> None:
        rescuer = Thread(target=worker.rescue, name=f"psrebind rescue {self.host}", daemon=True)
        rescuer.start()
        rescuer.join(RESCUE)
        self._note_refusal(worker)

    def _note_refusal(self, worker: PoolWorker) -> None:
        if worker.refused and self._refused is None:
            self._refused = AuthenticationError(
                self.host, "the host no longer accepts the credential", advice="Check the account"
            )


def _ended(worker: PoolWorker) -> bool:
    """Wait for the worker's end, ending what it still listens to; whether it came in time."""
    end = time.monotonic() + GRACE
    while not (finished := worker.finished.wait(TICK)) and time.monotonic() < end:
        worker.hurry()
    return finished


def _wait(call: ScriptCall, worker: PoolWorker, on_stream: OnStream | None) -> Ending | None:
    """Wait for the ending, handing records on; None when the worker does not stop in time."""
    tick = TICK if current_thread() is main_thread() else FLEET_TICK
    patience: float | None = None
    while patience is None or time.monotonic() < patience:
        try:
            event = call.events.get(timeout=tick)
        except Empty:
            if call.is_change_on_its_way:
                # The time limit ends the waiting, and nothing the script.
                if call.limits.expired:
                    return None
                continue
            if patience is None and call.limits.reached:
                patience = time.monotonic() + GRACE
            if call.limits.cancelled.is_set():
                worker.hurry()
            continue
        if not isinstance(event, StreamRecord):
            return event
        if on_stream:
            on_stream(event)
    return None
