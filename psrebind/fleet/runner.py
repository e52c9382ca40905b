"""One piece of work on many hosts at a time; what became of each comes out as it ends.

Threads are here and under a session only. Knows nothing of what the work is, nor of who watches.
A credential is tried on one host alone before the others, and never again once refused: twenty
hosts must not lock an account out of its domain.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from time import monotonic
from typing import Generic, Protocol, TypeVar

from psrebind.errors import AuthenticationError, PsrebindError
from psrebind.sessions.base import Either, Limits, Session

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
Open = Callable[[Host], Session]
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


class _Trust(Enum):
    UNTRIED = auto()
    TRYING = auto()
    ACCEPTED = auto()
    REFUSED = auto()


@dataclass
class _Standing:
    trust: _Trust = _Trust.UNTRIED
    refusal: AuthenticationError | None = None


@dataclass
class Runner(Generic[Host, T]):
    """Carries work to hosts, at most ``forks`` at a time, each within ``seconds``."""

    open_session: Open[Host]
    work: Work[Host, T]
    forks: int = FORKS
    seconds: float | None = None
    limits: Limits = field(default_factory=Limits)
    on_started: Callable[[Host], None] = lambda _: None
    _standings: dict[Hashable, _Standing] = field(default_factory=dict, init=False)

    def run(self, hosts: Iterable[Host]) -> Generator[Result[Host, T], None, None]:
        """Give each host's result as it ends; nothing is kept of it afterwards.

        After a bug, and once the limits are reached, no new host begins; what runs is waited for.
        """
        # A run that ends early stops its own hosts, not the next run that has the same limits.
        whole = replace(self.limits, cancelled=Either(self.limits.cancelled))
        waiting = deque(hosts)
        running: dict[Future[Result[Host, T]], Host] = {}
        stopping = False
        with ThreadPoolExecutor(self.forks, thread_name_prefix="psrebind") as pool:
            try:
                while waiting or running:
                    stopping = stopping or whole.reached is not None
                    if stopping:
                        yield from self._untried(waiting)
                    yield from self._start(pool, waiting, running, whole)
                    done, _ = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
                    for future in done:
                        result = future.result()
                        self._learn(running.pop(future), result)
                        stopping = stopping or result.bug is not None
                        yield result
            except BaseException as error:
                # Ctrl-C, or a consumer that has enough: sessions see the flag and close.
                whole.cancelled.set()
                if isinstance(error, KeyboardInterrupt):
                    self.limits.cancelled.set()
                raise

    def _start(
        self,
        pool: ThreadPoolExecutor,
        waiting: deque[Host],
        running: dict[Future[Result[Host, T]], Host],
        whole: Limits,
    ) -> Generator[Result[Host, T], None, None]:
        """Begin what may begin; hosts of a refused credential are answered for at once."""
        for _ in range(len(waiting)):
            if len(running) >= self.forks:
                return
            host = waiting.popleft()
            standing = self._standing(host)
            if standing.refusal:
                yield Result(host, error=_same_refusal(host, standing.refusal), began=False)
            elif standing.trust is _Trust.TRYING:
                waiting.append(host)
            else:
                if standing.trust is _Trust.UNTRIED and host.credential is not None:
                    standing.trust = _Trust.TRYING
                running[pool.submit(self._one, host, whole)] = host

    def _standing(self, host: Host) -> _Standing:
        return self._standings.setdefault(host.credential, _Standing())

    def _one(self, host: Host, whole: Limits) -> Result[Host, T]:
        began = monotonic()
        standing = self._standing(host)
        self.on_started(host)
        limits = self._limits(whole)
        try:
            with self.open_session(host) as session:
                session.open(limits=limits)
                # Let in: the others need not wait until this one's work is done.
                standing.trust = _Trust.ACCEPTED
                value = self.work(session, host, limits)
        except PsrebindError as error:
            return Result(host, error=error, seconds=monotonic() - began)
        except Exception:
            return Result(host, seconds=monotonic() - began, bug=traceback.format_exc())
        return Result(host, value, seconds=monotonic() - began)

    def _limits(self, whole: Limits) -> Limits:
        own = Limits.within(self.seconds, whole.cancelled)
        ends = [limits for limits in (own, whole) if limits.deadline is not None]
        return min(ends, key=lambda limits: limits.deadline or 0, default=own)

    def _learn(self, host: Host, result: Result[Host, T]) -> None:
        standing = self._standing(host)
        if isinstance(result.error, AuthenticationError) and host.credential is not None:
            standing.trust, standing.refusal = _Trust.REFUSED, result.error
        elif standing.trust is _Trust.TRYING:
            # The host was not reached, which says nothing of the credential: the next one tries.
            standing.trust = _Trust.UNTRIED

    def _untried(self, waiting: deque[Host]) -> Generator[Result[Host, T], None, None]:
        while waiting:
            yield Result(waiting.popleft(), began=False)


def _same_refusal(host: Target, refusal: AuthenticationError) -> AuthenticationError:
    reason = f"not tried: {refusal.host} refused the same credential"
    return AuthenticationError(host.name, reason, advice=refusal.advice)
