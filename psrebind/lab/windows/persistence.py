"""Frozen dataclasses as JSON and back, and their atomic file.

The JSON is the lab's wire form too: bytes are {"$bytes": base64}, times are ISO UTC.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import tempfile
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: object) -> Any:
    """Turn a value of the model into JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if dataclasses.is_dataclass(value):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): encode(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Turn JSON into plain values, with bytes as bytes."""
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def decode(kind: type[T], value: Any) -> T:
    """Turn JSON back into an instance of a dataclass; a field the JSON lacks keeps its default."""
    result: T = _decode(kind, value)
    return result


def _decode(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return _decode(next(one for one in get_args(kind) if one is not type(None)), value)
    if origin is tuple:
        return tuple(_decode(get_args(kind)[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return {name: _decode(get_args(kind)[1], item) for name, item in value.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        known = {name: item for name, item in value.items() if name in hints}
        return kind(**{name: _decode(hints[name], item) for name, item in known.items()})
    if kind is datetime:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return plain(value)


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def save(path: Path, value: object) -> None:
    """Write a dataclass to its file."""
    write_text(path, json.dumps(encode(value), indent=1, ensure_ascii=False))


def load(path: Path, kind: type[T]) -> T:
    """Read a dataclass from its file."""
    return decode(kind, json.loads(path.read_text(encoding="utf-8")))
