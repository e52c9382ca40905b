"""Replies as a host gives them, made of the rows' own dataclasses."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterable
from typing import Any

from certificates import NOW

from psrebind.errors import ScriptError
from psrebind.replies import Body, Reply


def plain(value: Any) -> Any:
    """A row as the JSON of a reply has it: bytes as base64."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def body(operation: str, *rows: Any, error: ScriptError | None = None) -> Body:
    """The answer of one operation."""
    return Body(operation, tuple(plain(row) for row in rows), (), error)


def reply(bodies: Iterable[Body]) -> Reply:
    """The answer of one script, from a Windows PowerShell of the tests' time."""
    return Reply("5.1.20348.1", "FullLanguage", 64, "en-US", NOW, tuple(bodies))
