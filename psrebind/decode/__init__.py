"""Bytes and XML from Windows, and what other tools export of it, to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psrebind.lazy import lazy_names

if TYPE_CHECKING:
    from psrebind.decode.event_files import MAX_BYTES as MAX_BYTES
    from psrebind.decode.event_files import read_events as read_events
else:
    __getattr__ = lazy_names(
        __name__, dict.fromkeys(("MAX_BYTES", "read_events"), f"{__name__}.event_files")
    )
