"""The one thread that touches one runspace pool: opens, runs, stops, closes."""

from __future__ import annotations

import contextlib
import math
import time
from queue import SimpleQueue
from threading import Event, Thread

from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError as Refused
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSManAction

from psrebind.errors import ConnectError, HostError
from psrebind.sessions.base import Logon
from psrebind.sessions.bounds import OutOfBounds
from psrebind.sessions.connection_options import ConnectionOptions
from psrebind.sessions.credentials import Credential
from psrebind.sessions.fragments import limit_fragments
from psrebind.sessions.observed_wsman import LEAVING, ObservedWSMan
from psrebind.sessions.records import make_pipeline, new_records, output_text
from psrebind.sessions.script_call import Ending, Phase, ScriptCall, Stopped
from psrebind.sessions.serializer import remember_scripts
from psrebind.sessions.translate import UNKNOWN_SHELL, fault_code, translate_errors
from psrebind.sessions.transport import LogonFacts, connect, with_short_timeouts

# The host ends a shell that nobody uses, whatever happens to us.
IDLE_TIMEOUT = 180
# Servers and firewalls drop silent connections from about 75 s on, and an encrypted session does
# not survive that: a pool that waited longer, for a person say, is opened anew.
STALE = 60
RESCUE = 5


class PoolWorker:
    """The worker of one pool; every attribute but the public ones belongs to its thread."""

    def __init__(
        self, options: ConnectionOptions, credential: Credential | None, logon: Logon | None
    ) -> None:
        self.refused = False
        self.finished = Event()
        self._options = options
        self._credential = credential
        self._logon = logon
        self._calls: SimpleQueue[ScriptCall | None] = SimpleQueue()
        self._call: ScriptCall | None = None
        self._facts = LogonFacts()
        self._connection: ObservedWSMan | None = None
        self._pool: RunspacePool | None = None
        self._pipeline: PowerShell | None = None
        self._shell: str | None = None
        self._resource_uri = f"http://schemas.microsoft.com/powershell/{options.configuration_name}"
        self._used = 0.0
        self._hurried = False
        Thread(target=self._work, name=f"psrebind {options.host}", daemon=True).start()

    @property
    def is_changing(self) -> bool:
        """Whether its host changes now, or may: a shell that is deleted would stop the script."""
        return self._call is not None and self._call.is_change_on_its_way

    def ask(self, call: ScriptCall) -> None:
        """Queue a call; its ending comes through the call's events."""
        self._calls.put(call)

    def leave(self) -> None:
        """Close the pool after the call that is running, and end the thread."""
        self._calls.put(None)

    def hurry(self) -> None:
        """End the Receive that the host holds back, if any, by deleting its shell; any thread may.

        Once is enough: after that the waiting side's patience ends it.
        """
        connection = self._connection
        if self.is_changing or connection is None:
            return
        if connection.listening and not self._hurried:
            self._hurried = True
            Thread(
                target=self.rescue, name=f"psrebind hurry {self._options.host}", daemon=True
            ).start()

    def rescue(self) -> None:
        """Delete the shell over a connection of its own, if there may be one; any thread may.

        Never before the host accepted the credential, nor after it refused it: an unanswered
        logon tried again could be the wrong password's second.
        """
        shell = self._shell
        if self.is_changing or shell is None or self.refused or not self._facts.accepted:
            return
        try:
            options = with_short_timeouts(self._options, RESCUE)
            fresh = connect(options, self._credential, LogonFacts(), self._logon)
            with contextlib.closing(fresh):
                fresh.delete_shell(self._resource_uri, shell)
            self._shell = None
        except Refused:
            self.refused = True
        except WSManFaultError as fault:
            if fault_code(fault) == UNKNOWN_SHELL:
                self._shell = None
        except Exception:  # whatever it is, the host's idle timeout is the last resort
            return

    def _work(self) -> None:
        try:
            while (call := self._calls.get()) is not None:
                self._call = call
                self._answer(call)
                self._used = time.monotonic()
            self._drop(in_order=True)
        finally:
            self.finished.set()

    def _answer(self, call: ScriptCall) -> None:
        cause: BaseException | None = None
        try:
            with translate_errors(self._options, lambda: self._facts, call):
                ending = Ending(self._run(call))
        except Exception as error:  # a bug, too, is for the thread that waits
            ending = Ending(error=error)
            cause = error.__cause__
            if isinstance(cause, Refused) and not isinstance(error, ConnectError):
                self.refused = True
        # The outcome is known here; what follows is tidying up and cannot change it.
        call.events.put(ending)
        in_order = isinstance(ending.error, HostError) and not isinstance(cause, OutOfBounds)
        if ending.error and not in_order:
            self._drop(in_order=isinstance(cause, Stopped))

    def _run(self, call: ScriptCall) -> str:
        call.proceed()
        pool = self._opened()
        call.advance(Phase.OPEN)
        if call.script is None:
            return ""
        self._pipeline = pipeline = make_pipeline(pool, call.script)
        pipeline.begin_invoke()
        position: dict[str, int] = {}
        while pipeline.state == PSInvocationState.RUNNING:
            self._poll(pipeline, call)
            for record in new_records(pipeline.streams, position):
                call.events.put(record)
            if pipeline.state == PSInvocationState.RUNNING:
                call.proceed()
        if pipeline.state not in (PSInvocationState.COMPLETED, PSInvocationState.FAILED):
            raise Stopped("the script was stopped on the host")
        call.advance(Phase.ANSWERED)
        return output_text(pipeline)

    def _poll(self, pipeline: PowerShell, call: ScriptCall) -> None:
        """Wait until the host says something, as long as one Receive may and the deadline lets it.

        Short ones, to look at the flag in between, would cost some 3 ms of processor each: many
        silent hosts are felt. A person who cancels need not wait either: see `hurry`.
        """
        remaining = None if call.is_change_on_its_way else call.limits.remaining
        timeout = None if remaining is None else max(1, math.ceil(remaining))
        if self._connection and timeout and timeout > self._connection.operation_timeout:
            timeout = None
        try:
            pipeline.poll_invoke(timeout)
        except WSManFaultError:
            # Our own deletion of the shell, if we were to stop.
            call.proceed()
            raise

    def _opened(self) -> RunspacePool:
        if self._pool is not None and time.monotonic() - self._used > STALE:
            self._drop(in_order=True)
        self._finish_pipeline()
        if self.refused:
            raise Refused("the host refused the credential while the pool was tidied up")
        if self._pool is None:
            self._facts = LogonFacts()
            self._hurried = False
            self._connection = connect(self._options, self._credential, self._facts, self._logon)
            self._connection.observer = self._before
            self._pool = RunspacePool(
                self._connection,
                configuration_name=self._options.configuration_name,
                no_profile=True,
                idle_timeout=IDLE_TIMEOUT,
            )
            remember_scripts(self._pool)
            limit_fragments(self._pool, self._connection.meter)
            self._pool.open()
        return self._pool

    def _before(self, action: str) -> None:
        """Stand between pypsrp and each request: look at the limits, note what is sent."""
        if action in LEAVING or self._call is None:
            return
        self._call.proceed()
        if action == WSManAction.CREATE and self._pool is not None:
            self._shell = self._pool.id
        if action == WSManAction.COMMAND:
            self._call.advance(Phase.SENT)

    def _finish_pipeline(self) -> None:
        """Free the pipeline before this one; the last needs no request, it ends with its shell."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is None:
            return
        try:
            pipeline.close()
        except WSManFaultError:
            return
        except Exception:  # the connection is gone, and with it the pool for us
            self._drop(in_order=False)

    def _drop(self, *, in_order: bool) -> None:
        """Close the pool on its own connection if that is in order, else on a fresh one.

        A change that may still run is left to the host, which ends its shell when that is idle.
        """
        pool, self._pool = self._pool, None
        pipeline, self._pipeline = self._pipeline, None
        if self.is_changing:
            self._shell = None
        elif pool is not None and in_order:
            with contextlib.suppress(Exception):
                if pipeline is not None and pipeline.state == PSInvocationState.RUNNING:
                    # A host that has no such pipeline any more says so; the Delete still works.
                    with contextlib.suppress(WSManFaultError):
                        pipeline.stop()
                pool.close()
                if pool.state == RunspacePoolState.CLOSED:
                    self._shell = None
        self.rescue()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()
            # Cycles would wait for the garbage collector, the whole fleet's at the same time.
            connection.observer = None
        if pool is not None:
            pool.pipelines.clear()
