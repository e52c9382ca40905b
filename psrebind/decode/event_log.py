"""The records of an .evtx log, by the library evtx: the only user of it.

The library is an extra, since only ``psrebind events decode`` needs it.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from typing import Any

from psrebind.errors import DecodeError

MAGIC = b"ElfFile\0"


def log_texts(data: bytes) -> Iterator[str | DecodeError]:
    """The XML of each record of a log; at a broken one, why, and the end."""
    records = _records(data)
    while True:
        try:
            record = next(records)
        except StopIteration:
            return
        except Exception as error:  # its errors are not one family
            yield DecodeError(f"cannot be read as .evtx: {_sentence(error)}")
            return
        yield str(record.get("data", ""))


def _records(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        library = importlib.import_module("evtx")
    except ImportError:
        raise DecodeError(
            "is an .evtx log, and the library for it is not installed: pip install psrebind[evtx]"
        ) from None
    try:
        records: Iterator[dict[str, Any]] = library.PyEvtxParser(io.BytesIO(data), 1).records()
    except Exception as error:  # its errors are not one family
        raise DecodeError(f"cannot be read as .evtx: {_sentence(error)}") from None
    return records


def _sentence(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 120 else words[:117] + "..."
