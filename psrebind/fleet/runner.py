"""One piece of work on many hosts at a time; what became of each comes out as it ends.

Besides these threads, each session has one of its own, and handshakes share some.
Which host may send its credential when stands in logons.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic
from typing import Generic, Protocol, TypeVar

from psrebind.errors import PsrebindError
from psrebind.fleet.logons import Standing, Turn
from psrebind.sessions.base import EitherEvent, Limits, Logon, Session

FORKS = 20
# Short enough that a person's Ctrl-C arrives where a waiting lock would hold it back.
_TICK = 0.2


class Target(Protocol):
    """A host that work is done on: its name, and whose credential it takes (None: nobody's)."""

    @property
    def name(self) -> str:
        """The host's name."""

    @property
    def credential(self) -> Hashable:
        """What two hosts have in common that share a credential."""


T = TypeVar("T")
Host = TypeVar("Host", bound=Target)
Open = Callable[[Host, Logon], Session]
Work = Callable[[Session, Host, Limits], T]


@dataclass(frozen=True)
class Result(Generic[Host, T]):
    """What became of one host: a value, or the error that stood in its way.

    ``bug`` is the traceback of an error that is none of psrebind's; ``began`` is False for a host
    that was never tried.
    """

    host: Host
    value: T | None = None
    error: PsrebindError | None = None
    seconds: float = 0.0
    bug: str | None = None
    began: bool = True

    @property
    def problem(self) -> str | None:
        """Why there is no value, in words; None where there is one."""
        if self.error:
            return str(self.error)
        if self.bug:
            return f"a bug in psrebind:\n{self.bug}"
        return None if self.began else "not tried"


@dataclass
class Runner(Generic[Host, T]):
    """Carries work to hosts, at most ``forks`` at a time, each within ``seconds`` of its own.

    Who sets ``enough`` wants no new host to begin, and the results of those that run.
    """

    open_session: Open[Host]
    work: Work[Host, T]
    forks: int = FORKS
    seconds: float | None = None
    limits: Limits = field(default_factory=Limits)
    on_started: Callable[[Host], None] = lambda _: None
    enough: Event = field(default_factory=Event)
    _standings: dict[Hashable, Standing] = field(default_factory=dict, init=False)

    def run(self, hosts: Iterable[Host]) -> Generator[Result[Host, T], None, None]:
        """Give each host's result as it ends; nothing is kept of it afterwards.

        Once the limits are reached no new host begins; what runs is waited for. A bug that is met
        on one host is that host's, as any other error.
        """
        # A run that ends early stops its own hosts, not the next run that has the same limits.
        whole = replace(self.limits, cancelled=EitherEvent(self.limits.cancelled))
        waiting = deque(hosts)
        # A queue, since a wait for futures looks at each of them five times a second.
        finished: SimpleQueue[Future[Result[Host, T]]] = SimpleQueue()
        running = 0
        stopping = False
        with ThreadPoolExecutor(self.forks, thread_name_prefix="psrebind") as pool:
            try:
                while waiting or running:
                    stopping = stopping or self.enough.is_set() or whole.reached is not None
                    while stopping and waiting:
                        yield Result(waiting.popleft(), began=False)
                    while waiting and running < self.forks:
                        host = waiting.popleft()
                        standing = Standing()
                        if host.credential is not None:
                            standing = self._standings.setdefault(host.credential, standing)
                        if refusal := standing.refused_for(host.name):
                            yield Result(host, error=refusal, began=False)
                        else:
                            future = pool.submit(self._one, host, standing, whole)
                            future.add_done_callback(finished.put)
                            running += 1
                    try:
                        result = finished.get(timeout=_TICK).result()
                    except Empty:
                        continue
                    running -= 1
                    yield result
            except BaseException as error:
                # Ctrl-C, or a consumer that has enough: sessions see the flag and close.
                whole.cancelled.set()
                if isinstance(error, KeyboardInterrupt):
                    self.limits.cancelled.set()
                raise

    def _one(self, host: Host, standing: Standing, whole: Limits) -> Result[Host, T]:
        self.on_started(host)
        began = monotonic()
        while True:
            turn = Turn(host.name, whole.or_within(self.seconds), standing)
            result = self._tried(host, turn)
            # Another host's silence took all its time: it has not been tried, and begins anew.
            if not turn.passed_over or whole.reached:
                return replace(result, seconds=monotonic() - began)

    def _tried(self, host: Host, turn: Turn) -> Result[Host, T]:
        error: PsrebindError | None = None
        try:
            with self.open_session(host, turn) as session:
                session.open(limits=turn.limits)
                return Result(host, self.work(session, host, turn.limits))
        except PsrebindError as raised:
            error = raised
            return Result(host, error=error)
        except Exception:
            return Result(host, bug=traceback.format_exc())
        finally:
            turn.ended(error)
