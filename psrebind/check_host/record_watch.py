"""The watch over a binding that another session changes: its record, and what a client meets.

A gap that was seen is a fact; one that was not seen may have been too short to see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Thread

from psrebind.check_host.operations import GetCheckWatch, Watch, library
from psrebind.check_host.questions import Unanswered
from psrebind.operations import run
from psrebind.rebind.handshake import handshake
from psrebind.services.steps import Endpoint
from psrebind.sessions.base import Session, StreamRecord

PERIOD = 0.01
# What the watching script says of each certificate that it newly sees.
MARK = "psrebind-check"
SECONDS_FOR_A_CHANGE = 15
SECONDS_TO_BEGIN = 60


@dataclass
class HandshakeLog:
    """What a client met, handshake by handshake: a thumbprint, or why there was none."""

    served: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.served:
            return "not reached from here"
        return f"{len(self.served) + len(self.refused)} handshakes, {len(self.refused)} failed"


@dataclass(frozen=True)
class WatchResult:
    """What was seen of one series of changes."""

    watch: Watch
    handshakes: HandshakeLog

    @property
    def gap(self) -> bool:
        """Whether the record was away for some time, or clients were refused."""
        return self.watch.absent > 0 or bool(self.handshakes.served and self.handshakes.refused)

    def __str__(self) -> str:
        away = f"{self.watch.absent} of {self.watch.looks} looks found no record"
        every = self.watch.elapsed / self.watch.looks
        longest = f"at most {self.watch.longest} ms; one each {every:.1f} ms"
        return f"{away} ({longest}), {self.handshakes}"


def watch_changes(
    session: Session, place: Endpoint, changes: Sequence[Callable[[], object]], *, record: str
) -> WatchResult:
    """Make changes one after another under the eyes of a second session and of a client."""
    news: Queue[str] = Queue()

    def heard(stream: StreamRecord) -> None:
        if stream.stream == "verbose" and stream.text.startswith(MARK):
            news.put(stream.text)

    asked = GetCheckWatch(
        endpoint=record, seconds=SECONDS_FOR_A_CHANGE * (len(changes) + 1), awaited=len(changes)
    )
    with ThreadPoolExecutor(1) as pool, repeated_handshakes(place) as handshakes:
        answer = pool.submit(run, [asked], session, library=library(), on_stream=heard)
        with suppress(Empty):
            news.get(timeout=SECONDS_TO_BEGIN)
            for change in changes:
                change()
                news.get(timeout=SECONDS_FOR_A_CHANGE)
        (watch,) = asked.rows(answer.result().bodies[0])
    if len(watch.seen) <= len(changes):
        missed = len(changes) + 1 - len(watch.seen)
        raise Unanswered(
            f"the second session missed {missed} of {len(changes)} changes: "
            f"it looked {watch.looks} times in {watch.elapsed} ms"
        )
    return WatchResult(watch, handshakes)


@contextmanager
def repeated_handshakes(place: Endpoint) -> Iterator[HandshakeLog]:
    """Shake hands every few milliseconds for the length of a with block."""
    handshakes, done = HandshakeLog(), Event()

    def repeat() -> None:
        while not done.wait(PERIOD):
            met = handshake(place, timeout=2.0)
            if met.thumbprint:
                handshakes.served.append(met.thumbprint)
            else:
                handshakes.refused.append(met.error or "")

    thread = Thread(target=repeat, name="psrebind-handshakes", daemon=True)
    thread.start()
    try:
        yield handshakes
    finally:
        done.set()
        thread.join()
