"""The state before a change, on disk here before anything is sent."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from psrebind.errors import InvalidInput
from psrebind.folders import make_private
from psrebind.operations.base import Change
from psrebind.rebind.history import read_history
from psrebind.replies import Body
from psrebind.services import service, service_of
from psrebind.services.base import Service
from psrebind.services.steps import History, Step


def default_folder() -> Path:
    """Where the states before are kept: ``before`` in the user's data folder."""
    return user_data_path("psrebind", appauthor=False) / "before"


def write_before(
    host: str, steps: Iterable[Step], *, folder: Path | None = None, now: datetime | None = None
) -> Path:
    """Write one line per step and give the file; it is on the disk when this returns.

    Raises InvalidInput when it cannot be written: then the change may not be sent.
    """
    moment = now or datetime.now(UTC)
    return _keep(host, [_line(host, step, moment) for step in steps], folder, moment)


def write_reading(
    host: str, change: Change[Any], body: Body, *, folder: Path | None = None
) -> Path:
    """Keep what a query read of a host before a change that stands in no plan; as write_before."""
    moment = datetime.now(UTC)
    operation = {"name": change.name()} | dataclasses.asdict(change)
    head = {"host": host, "written": moment.isoformat(), "operation": operation}
    lines: list[dict[str, Any]] = [head | {"state": list(body.rows)}]
    if asked := service_of(change):
        lines += [
            head | _state(asked, state) | {"renewal": {"old": old, "new": new}}
            for state, old, new in change.replaced(body)
        ]
    return _keep(host, lines, folder, moment)


def _keep(
    host: str, lines: Iterable[dict[str, Any]], folder: Path | None, moment: datetime
) -> Path:
    place = folder or default_folder()
    path = place / f"{moment:%Y%m%dT%H%M%S.%fZ}-{_file_name(host)}.jsonl"
    text = "".join(json.dumps(line, default=str) + "\n" for line in lines)
    try:
        make_private(place)
        _write(text, path)
        _sync_folder(place)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInput(
            f"the state before cannot be written to {path} ({reason}), so the change was not sent"
        ) from error
    return path


def write_end(host: str, ended: Iterable[tuple[Step, bool]], path: Path) -> None:
    """Add to the file which steps succeeded: what such a place lacks later, somebody wanted so.

    Where it cannot be written, the next run looks at the place more closely than it had to.
    """
    _append(path, (_end(host, service(step.service), step.state, well) for step, well in ended))


def write_reading_end(
    host: str, change: Change[Any], body: Body, rows: Sequence[Any], path: Path
) -> None:
    """The same of a change that stands in no plan, by what was read before it and its rows."""
    if asked := service_of(change):
        well = bool(rows) and not any(change.problem(row) for row in rows)
        states = (state for state, _, _ in change.replaced(body))
        _append(path, (_end(host, asked, state, well) for state in states))


def _end(host: str, asked: Service[Any, Any], state: Any, succeeded: bool) -> dict[str, Any]:
    key = {name: getattr(state, name) for name in asked.key_fields}
    return {"host": host, "service": asked.name, **key, "ended": succeeded}


def _append(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    with suppress(OSError), path.open("a", encoding="ascii", newline="\n") as file:
        file.write(text)


def states_before(host: str, folder: Path | None = None) -> History:
    """The newest state before of each thing of a host, of all that was written here."""
    return read_history(host, folder or default_folder(), _file_name(host))


def _file_name(host: str) -> str:
    # An IPv6 address has colons, which Windows does not take in a file's name.
    return re.sub(r"[^\w.-]", "_", host)


def _line(host: str, step: Step, moment: datetime) -> dict[str, Any]:
    places: Any = step.places
    return {
        "host": host,
        "written": moment.isoformat(),
        "renewal": {"old": step.renewal.old, "new": step.renewal.new},
        **_state(service(step.service), step.state),
        "places": [dataclasses.asdict(place) for place in places],
        "wanted": {"thumbprint": step.after, "store": step.store},
        "operation": dataclasses.asdict(step.operation),
    }


def _state(asked: Service[Any, Any], state: Any) -> dict[str, Any]:
    # A field that finds it again may be worked out from the others.
    key = {name: getattr(state, name) for name in asked.key_fields}
    return {"service": asked.name, asked.state_name: dataclasses.asdict(state) | key}


def _write(text: str, path: Path) -> None:
    # Never over a file that is there: it may be the only trace of an earlier state.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    # Windows opens no folder for this, and keeps the entry by itself.
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
