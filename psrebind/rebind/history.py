"""The states before changes of psrebind, read back from this machine.

A change that was interrupted leaves a place without its certificate, or one that lost something;
only what was written before it knows how it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock

from psrebind.errors import ParameterError
from psrebind.model import Place, Renewal, Thumbprint
from psrebind.services import service
from psrebind.services.observation import Observation
from psrebind.services.steps import History, Kept

# Of one host; older ones tell of changes that later ones followed.
_NEWEST = 100
# The only service of earlier versions, whose lines do not name it.
_FIRST_SERVICE = "iis"
Key = tuple[str, Hashable]


def unfinished(observation: Observation, history: History) -> Iterator[tuple[Place, Kept]]:
    """The places that a change left in neither its state before nor the wanted one."""
    for name in observation.readings:
        yield from service(name).unfinished(observation, history)


class _Listings:
    """The files of each folder, listed anew only where one came or went, be it of our own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[Path, tuple[int, dict[str, list[str]]]] = {}

    def of(self, folder: Path, name: str) -> list[str]:
        """The names of a host's files, the newest first."""
        with self._lock:
            try:
                changed = folder.stat().st_mtime_ns
            except OSError:
                return []
            before, files = self._known.get(folder, (None, {}))
            if before != changed:
                files = _by_host(folder)
                self._known[folder] = changed, files
            return sorted(files.get(name, ()), reverse=True)


def _by_host(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with os.scandir(folder) as entries:
        files = [entry.name for entry in entries]
    for file in files:
        _, dash, rest = file.partition("-")
        if dash and rest.endswith(".jsonl"):
            found.setdefault(rest.removesuffix(".jsonl"), []).append(file)
    return found


_LISTINGS = _Listings()


def read_history(host: str, folder: Path, name: str) -> dict[Key, Kept]:
    """The newest state before of each thing of a host; ``name`` is the host's in file names."""
    found: dict[Key, Kept] = {}
    for file in _LISTINGS.of(folder, name)[:_NEWEST]:
        for key, kept in _read(host, folder / file).items():
            found.setdefault(key, kept)
    return found


def _read(host: str, path: Path) -> dict[Key, Kept]:
    found: dict[Key, Kept] = {}
    try:
        lines = path.read_text("ascii", errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        # The last line of a machine that lost its power may be half a line.
        try:
            _add(host, line, found)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, ParameterError):
            continue
    return found


def _add(host: str, line: str, found: dict[Key, Kept]) -> None:
    said = json.loads(line)
    if said["host"] != host:
        return
    asked = service(said.get("service", _FIRST_SERVICE))
    if "ended" in said:
        key = asked.name, asked.key(said)
        if key in found:
            found[key] = replace(found[key], ended=bool(said["ended"]))
        return
    # Files of earlier versions have the record with its bindings only.
    raw = said.get(asked.state_name) or said["bindings"][0][asked.state_name]
    renewal = Renewal(Thumbprint(said["renewal"]["old"]), Thumbprint(said["renewal"]["new"]))
    kept = Kept(asked.restored(raw), renewal, datetime.fromisoformat(said["written"]))
    found[asked.name, asked.key(raw)] = kept
