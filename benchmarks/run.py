"""``python benchmarks/run.py``: what psrebind costs, against raw pypsrp and ``import typer``, and
what it costs to read large files.

Prints tables and the limits that hold; its status is 1 where one does not.
"""

from __future__ import annotations

import argparse
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import files
import fleets
import startups
from files import FileCost
from fleets import Measured
from startups import Started

from psrebind.lab.stage.lab import find_engine

CPU_LIMIT = 1.10
MEMORY_LIMIT = 1.10
# The model answers at once. A PowerShell's answer comes in one piece or in two, for either client.
REQUESTS_LIMITS = {"model": 0.05, "pwsh": 0.5}
FEW, MANY = 50, 200


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    model: Mapping[int, int]
    pwsh: Mapping[int, int]
    starts: int


# Hosts: rounds. One host's few milliseconds need many rounds for a median that stands still.
FULL = Scale(model={1: 31, 20: 11, FEW: 7, MANY: 5}, pwsh={1: 15, 5: 7, 20: 5}, starts=25)
QUICK = Scale(model={1: 5, 20: 3}, pwsh={1: 3, 5: 3}, starts=7)


@dataclass(frozen=True)
class Verdict:
    """One limit, and whether it holds."""

    sentence: str
    holds: bool


def main() -> int:
    """Measure, print, judge."""
    options = _options()
    # Ended from outside, the lab's process must end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scale = QUICK if options.quick else FULL
    engine = find_engine()
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, "
        f"{platform.platform()}, {_processors()}"
    )
    read = list(print_files(files.measure()))
    if options.files:
        return 0 if all(one.holds for one in read) else 1
    started = startups.measure(scale.starts)
    print_starts(started)
    measured, peaks = _fleet(scale.model, None)
    if engine:
        measured += _fleet(scale.pwsh, engine)[0]
    else:
        print("\nNo PowerShell: set PSREBIND_PWSH to measure against the real engine too.")
    print_rendering(measured)
    verdicts = [*judge_files(read), *judge_starts(started)]
    verdicts += [*judge_clients(measured), *judge_memory(peaks)]
    print()
    for verdict in verdicts:
        print(f"{'holds' if verdict.holds else 'BROKEN':6}  {verdict.sentence}")
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer hosts and rounds")
    parser.add_argument("--files", action="store_true", help="only the reading of files")
    return parser.parse_args()


def _processors() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)}x {names[0]}" if names else platform.machine()


def _fleet(
    sizes: Mapping[int, int], engine: Path | None
) -> tuple[list[Measured], Mapping[int, float]]:
    """The clients' costs, and the megabytes of the command itself, by the number of hosts."""
    found: list[Measured] = []
    peaks: dict[int, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="psrebind-bench-") as folder,
        fleets.lab(Path(folder), max(sizes), engine) as made,
    ):
        print_heading()
        for hosts, rounds in sizes.items():
            for one in fleets.measure(made, hosts, rounds):
                print_measured(one)
                found.append(one)
        for hosts in (FEW, MANY):
            if hosts in sizes:
                peaks[hosts] = fleets.command_peak(made, hosts)
    return found, peaks


def print_files(costs: Iterator[FileCost]) -> Iterator[FileCost]:
    """A line for each file as soon as it was read."""
    print(f"\n{'file':40} {'CPU s':>7} {'limit':>6} {'MB':>6} {'limit':>6}")
    for one in costs:
        limits = one.limit
        print(
            f"{one.name[:40]:40} {one.seconds:7.2f} {limits.seconds:6.1f} {one.megabytes:6.0f} "
            f"{limits.megabytes:6.0f}{'' if one.holds else '  BROKEN'}",
            flush=True,
        )
        yield one


def print_starts(started: Sequence[Started]) -> None:
    """The starts as a table."""
    print(f"\n{'start':14} {'CPU ms':>7} {'x typer':>8} {'limit':>6}")
    for one in started:
        limit = f"{one.start.limit:6.1f}" if one.start.limit > 1 else ""
        print(f"{one.start.name:14} {one.seconds * 1000:7.0f} {one.ratio:8.2f} {limit}")


def print_heading() -> None:
    """The head of the table of clients."""
    print(
        f"\n{'engine':7}{'hosts':>6}  {'client':9}{'CPU ms/host':>12}{'x raw':>8}"
        f"{'hosts/s':>9}{'requests/host':>15}{'peak MB':>9}"
    )


def print_measured(one: Measured) -> None:
    """One line of the table of clients, as soon as it is known."""
    print(
        f"{one.engine:7}{one.hosts:6}  {one.client:9}{one.cpu_per_host * 1000:12.1f}"
        f"{one.cpu_ratio:8.2f}{one.hosts_per_second:9.1f}{one.requests_per_host:15.2f}"
        f"{one.peak_megabytes:9.1f}",
        flush=True,
    )


def print_rendering(measured: Sequence[Measured]) -> None:
    """What the first script of a run costs, which no host's figure has in it."""
    first = max(one.first_rendering for one in measured)
    print(f"\nOnce a run, before the first host: {first * 1000:.1f} ms to render its script.")


def judge_files(costs: Sequence[FileCost]) -> Iterator[Verdict]:
    """No file costs more than its limit."""
    broken = [one.name for one in costs if not one.holds]
    yield Verdict(f"files within their limits: all but {', '.join(broken) or 'none'}", not broken)


def judge_starts(started: Sequence[Started]) -> Iterator[Verdict]:
    """No start costs more than its limit."""
    for one in started:
        if one.start.limit > 1:
            sentence = f"{one.start.name} {one.ratio:.2f}x import typer (≤ {one.start.limit})"
            yield Verdict(sentence, one.ratio <= one.start.limit)


def judge_clients(measured: Sequence[Measured]) -> Iterator[Verdict]:
    """psrebind costs hardly more than raw pypsrp, and asks no more often."""
    by_client = {(one.engine, one.hosts, one.client): one for one in measured}
    for (engine, hosts, client), one in by_client.items():
        if client != "psrebind":
            continue
        raw = by_client[engine, hosts, "pypsrp"]
        where = f"{engine}, {hosts} hosts"
        yield Verdict(
            f"{where}: CPU {one.cpu_ratio:.2f}x raw pypsrp (≤ {CPU_LIMIT})",
            one.cpu_ratio <= CPU_LIMIT,
        )
        more = one.requests_per_host - raw.requests_per_host
        limit = REQUESTS_LIMITS[engine]
        yield Verdict(f"{where}: {more:+.2f} requests per host (≤ {limit})", more <= limit)


def judge_memory(peaks: Mapping[int, float]) -> Iterator[Verdict]:
    """Four times as many hosts need hardly more memory, of the command as a person types it."""
    if FEW in peaks and MANY in peaks:
        ratio = peaks[MANY] / peaks[FEW]
        sentence = (
            f"psrebind bindings all: {peaks[MANY]:.0f} MB at {MANY} hosts, {ratio:.2f}x that at "
            f"{FEW} (≤ {MEMORY_LIMIT})"
        )
        yield Verdict(sentence, ratio <= MEMORY_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
