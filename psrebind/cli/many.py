"""One way for every command to work on one host or on many.

One host that was named is as if there were no others: its rows as they are, its error the
command's. Of any others, be it one, rows stream with the host in front, and what went wrong is
told at the end, grouped.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, TypeVar, cast

from psrebind.cli import opening
from psrebind.cli.asking import Visit
from psrebind.cli.consent import Consent, after, granted, named, require_answer
from psrebind.cli.messages import count_of, tell
from psrebind.cli.opening import Chosen
from psrebind.cli.options import Connection, Format, Source
from psrebind.cli.rows import OneHost, OneOfMany, Order, Rows, stream
from psrebind.cli.signals import Patience
from psrebind.cli.tally import BUG, Ending, Tally
from psrebind.cli.watching import Live, stoppable
from psrebind.errors import ConnectError, HostError, PsrebindError
from psrebind.fleet.fleet import Fleet, FleetHost
from psrebind.fleet.runner import Result
from psrebind.operations.script_runner import Renderer
from psrebind.rebind.outcome import Outcome, exit_status
from psrebind.sessions.base import Limits, Session

DECLINED = 3

T = TypeVar("T")
# What is done on a host, and what of it is printed; the second runs in the main thread.
Work = Callable[[Visit], T]
Present = Callable[[T, Rows], Ending]


@dataclass(frozen=True)
class Asked:
    """What a command was asked for, whatever it does."""

    target: str
    connection: Connection
    source: Source
    form: Format
    order: Order | None = None

    def hosts(self) -> Chosen:
        """The hosts; all input is checked now."""
        return opening.chosen(self.target, self.connection)


def on_hosts(
    asked: Asked, work: Work[T], present: Present[T], *, consent: Consent | None = None
) -> int:
    """Do the work on the hosts, print what came of it, and give the exit status."""
    found = asked.hosts()
    chosen = granted(consent, found) if consent else found
    if chosen is None:
        return DECLINED
    if chosen.alone:
        with alone(chosen.fleet, asked) as visit:
            return _status(present(work(visit), OneHost(visit.name, asked.form)))
    return spread(chosen.fleet, asked, work, present)


@contextmanager
def alone(fleet: Fleet, asked: Asked) -> Iterator[Visit]:
    """The only host of a run, in this thread; its errors are the command's."""
    (host,) = fleet.hosts
    limits = fleet.limits.or_within(fleet.seconds)
    patience = Patience(limits)
    try:
        with patience.waiting(), host.session() as session:
            yield Visit(
                host=host,
                session=session,
                renderer=Renderer(opening.library(asked.source)),
                limits=limits,
                patience=patience,
                verbose=asked.connection.verbose,
            )
            patience.conclude()
    except PsrebindError as error:
        patience.conclude()
        if isinstance(error, HostError):
            # A host does not say its name, and whoever reads a log of many commands needs it.
            error.host = host.name
        raise


def spread(
    fleet: Fleet, asked: Asked, work: Work[T], present: Present[T], *, aside: bool = False
) -> int:
    """Do the work on many hosts at a time; rows go out as they come, and nothing is kept.

    ``aside``: as a table beside the data, for a person who is to decide on it.
    """
    renderer = Renderer(opening.library(asked.source))

    def visited(session: Session, host: FleetHost, limits: Limits) -> T:
        return work(
            Visit(
                host=host,
                session=session,
                renderer=renderer,
                limits=limits,
                alone=False,
                verbose=asked.connection.verbose,
            )
        )

    tally = Tally(len(fleet.hosts))
    enough = Event()
    live = Live(tally)
    with stoppable(fleet.limits, tally, live), live:
        results = fleet.each(visited, on_started=live.started, enough=enough)
        try:
            form: Format = "table" if aside else asked.form
            with stream(form, live.writer(aside=aside), order=asked.order) as rows:
                live.rows = rows
                for result in live.awaited(results):
                    told = _presented(result, present, OneOfMany(result.host.name, rows), tally)
                    if asked.connection.fail_fast and (told.bug or told.error):
                        enough.set()
                    live.ended(began=result.began)
        except OSError as error:
            tally.unwritten(error)
    tally.report()
    return tally.exit_status


def _presented(
    result: Result[FleetHost, T], present: Present[T], rows: Rows, tally: Tally
) -> Result[FleetHost, T]:
    """Print and count one host; an error met in doing so is its own, as one of its work is."""
    if result.problem is None:
        try:
            # Work may well give None, which is a value then.
            tally.count(present(cast("T", result.value), rows))
            return result
        except PsrebindError as error:
            result = replace(result, value=None, error=error)
        except Exception:
            result = replace(result, value=None, bug=traceback.format_exc())
    tally.count_failure(result)
    return result


def once_agreed(
    fleet: Fleet, plans: Mapping[str, Any], count: int, status: int, change: Callable[[Fleet], int]
) -> int:
    """Ask once about the planned changes of all hosts, then do them; give the exit status of all.

    ``plans`` are by host, ``count`` bindings in all; ``status`` is the planning's. Nothing is
    asked after an end of the run or a bug; InvalidInput where nobody could answer.
    """
    if reason := fleet.limits.reached:
        tell(f"{reason}: nothing was changed")
        return exit_status([status, ConnectError.exit_status])
    if status == BUG:
        tell("nothing was changed")
        return status
    changing = replace(fleet, hosts=tuple(host for host in fleet.hosts if host.name in plans))
    question = f"change {count_of(count, 'binding')} on {named(changing)}?"
    require_answer(question, yes=False)
    limits = after(question, fleet.limits)
    if limits is None:
        return exit_status([status, DECLINED])
    return exit_status([status, change(replace(changing, limits=limits))])


def _status(ending: Ending) -> int:
    return ending.exit_status if isinstance(ending, Outcome) else ending
