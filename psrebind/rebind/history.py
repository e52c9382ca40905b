"""The records of a host as they were before changes of psrebind, read back from this machine.

A change that was interrupted leaves a record that is gone, or one without its options; only what
was written before it knows how the record was. Knows files and the model; decides nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from psrebind.decode.bindings import record_key
from psrebind.decode.records import lost_options, merge_records
from psrebind.errors import ParameterError
from psrebind.model import Binding, Record, RecordKind, Renewal, Thumbprint

RecordKey = tuple[RecordKind, str]
# Of one host; older ones tell of changes that later ones followed.
_NEWEST = 100


@dataclass(frozen=True)
class Kept:
    """A record before a change of ours; ``ended`` where that change is known to have succeeded."""

    record: Record
    renewal: Renewal
    written: datetime
    ended: bool = False

    @property
    def moment(self) -> str:
        """When it was written, for a sentence."""
        return f"{self.written:%Y-%m-%d %H:%M} UTC"

    def about(self, renewal: Renewal) -> bool:
        """Whether the change dealt with one of a renewal's certificates."""
        return bool(
            {self.renewal.old, self.renewal.new, self.record.thumbprint}
            & {renewal.old, renewal.new}
        )

    def lost(self, now: Record, renewal: Renewal | None = None) -> tuple[str, ...]:
        """The options that a record had before the change and lacks now, by name.

        After a change that succeeded somebody may have wanted it so: then only who asks for the
        very same renewal again is told.
        """
        if self.ended and self.renewal != renewal:
            return ()
        if now.thumbprint not in (self.record.thumbprint, self.renewal.old, self.renewal.new):
            return ()
        return lost_options(self.record, now)


@dataclass(frozen=True)
class Wanted:
    """A binding's record as it shall be; ``repair`` says what an earlier change left undone."""

    record: Record | None
    repair: str | None = None


History = Mapping[RecordKey, Kept]
NO_HISTORY: History = {}


def key_of(binding: Binding) -> RecordKey:
    """The name of the record that a binding needs, whether there is one or not."""
    return record_key(binding.kind, binding.endpoint)


def wanted(binding: Binding, renewal: Renewal, history: History) -> Wanted:
    """A binding's record with what an earlier change took from it; as it is where that is none."""
    kept = history.get(key_of(binding))
    now = binding.record
    if kept is None:
        return Wanted(now)
    if now is None:
        if not kept.about(renewal):
            return Wanted(None)
        return Wanted(kept.record, f"its record is gone since the change of {kept.moment}")
    if lost := kept.lost(now, renewal):
        sentence = f"it lost {', '.join(lost)} in the change of {kept.moment}"
        return Wanted(merge_records(kept.record, now), sentence)
    return Wanted(now)


def unfinished(bindings: Iterable[Binding], history: History) -> Iterator[tuple[Binding, Kept]]:
    """The bindings whose record is gone or lost options in a change that did not end well."""
    for binding in bindings:
        kept = history.get(key_of(binding))
        if kept is None or kept.ended:
            continue
        if binding.record is None or kept.lost(binding.record):
            yield binding, kept


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


def read_history(host: str, folder: Path, name: str) -> dict[RecordKey, Kept]:
    """The newest state before of each record of a host; ``name`` is the host's in file names."""
    found: dict[RecordKey, Kept] = {}
    for file in _LISTINGS.of(folder, name)[:_NEWEST]:
        for key, kept in _read(host, folder / file).items():
            found.setdefault(key, kept)
    return found


def _read(host: str, path: Path) -> dict[RecordKey, Kept]:
    found: dict[RecordKey, Kept] = {}
    try:
        lines = path.read_text("ascii", errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        # The last line of a machine that lost its power may be half a line.
        try:
            said = json.loads(line)
            if said["host"] != host:
                continue
            if "ended" in said:
                key = RecordKind(said["kind"]), str(said["endpoint"])
                ended = record_key(*key)
                if ended in found:
                    found[ended] = replace(found[ended], ended=bool(said["ended"]))
                continue
            kept = _kept(said)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, ParameterError):
            continue
        found[record_key(kept.record.kind, kept.record.endpoint)] = kept
    return found


def _kept(said: dict[str, Any]) -> Kept:
    # Files of earlier versions have the record with its bindings only.
    raw = said.get("record") or said["bindings"][0]["record"]
    thumbprint = raw["thumbprint"]
    record = Record(
        kind=RecordKind(raw["kind"]),
        endpoint=str(raw["endpoint"]),
        thumbprint=Thumbprint(thumbprint) if thumbprint else None,
        store=raw["store"],
        application_id=raw["application_id"],
        values=dict(raw["values"]),
    )
    renewal = Renewal(Thumbprint(said["renewal"]["old"]), Thumbprint(said["renewal"]["new"]))
    return Kept(record, renewal, datetime.fromisoformat(said["written"]))
