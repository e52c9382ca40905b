"""Looking at a binding while another session changes it: its record, and what a client meets.

A gap that was seen is a fact; one that was not seen may have been too short to see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Thread

from check_host.orders import GetCheckWatch, Watch, library
from check_host.questions import Unanswered

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
class Knocks:
    """What a client met, handshake by handshake: a thumbprint, or why there was none."""

    served: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.served:
            return "not reached from here"
        return f"{len(self.served) + len(self.refused)} handshakes, {len(self.refused)} failed"


@dataclass(frozen=True)
class Watched:
    """What was seen of one series of changes."""

    watch: Watch
    knocks: Knocks

    @property
    def gap(self) -> bool:
        """Whether the record was away for some time, or clients were refused."""
        return self.watch.absent > 0 or bool(self.knocks.served and self.knocks.refused)

    def __str__(self) -> str:
        away = f"{self.watch.absent} of {self.watch.looks} looks found no record"
        every = self.watch.elapsed / self.watch.looks
        return f"{away} (at most {self.watch.longest} ms; one each {every:.1f} ms), {self.knocks}"


def watched(
    session: Session, place: Endpoint, changes: Sequence[Callable[[], object]], *, record: str
) -> Watched:
    """Make changes one after another under the eyes of a second session and of a client."""
    news: Queue[str] = Queue()

    def heard(stream: StreamRecord) -> None:
        if stream.stream == "verbose" and stream.text.startswith(MARK):
            news.put(stream.text)

    asked = GetCheckWatch(
        endpoint=record, seconds=SECONDS_FOR_A_CHANGE * (len(changes) + 1), awaited=len(changes)
    )
    with ThreadPoolExecutor(1) as looking, knocking(place) as knocks:
        looked = looking.submit(run, [asked], session, library=library(), on_stream=heard)
        with suppress(Empty):
            news.get(timeout=SECONDS_TO_BEGIN)
            for change in changes:
                change()
                news.get(timeout=SECONDS_FOR_A_CHANGE)
        (watch,) = asked.rows(looked.result().bodies[0])
    if len(watch.seen) <= len(changes):
        missed = len(changes) + 1 - len(watch.seen)
        raise Unanswered(
            f"the second session missed {missed} of {len(changes)} changes: "
            f"it looked {watch.looks} times in {watch.elapsed} ms"
        )
    return Watched(watch, knocks)


@contextmanager
def knocking(place: Endpoint) -> Iterator[Knocks]:
    """Shake hands every few milliseconds for the length of a with block."""
    knocks, done = Knocks(), Event()

    def knock() -> None:
        while not done.wait(PERIOD):
            met = handshake(place, timeout=2.0)
            if met.thumbprint:
                knocks.served.append(met.thumbprint)
            else:
                knocks.refused.append(met.error or "")

    thread = Thread(target=knock, name="knocking", daemon=True)
    thread.start()
    try:
        yield knocks
    finally:
        done.set()
        thread.join()
