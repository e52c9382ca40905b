"""The records of an .evtx log, by the library evtx: the only user of it.

The library is an extra, since only ``psrebind events decode`` needs it.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator

from psrebind.errors import DecodeError

MAGIC = b"ElfFile\0"


def log_texts(data: bytes) -> Iterator[str | DecodeError]:
    """The XML of each record of a log; a DecodeError in the place of each that is broken."""
    try:
        library = importlib.import_module("evtx")
    except ImportError:
        raise DecodeError(
            "is an .evtx log, and the library for it is not installed: pip install 'psrebind[evtx]'"
        ) from None
    try:
        records = library.PyEvtxParser(io.BytesIO(data), 1).records()
    except Exception as error:  # its errors are not one family
        raise DecodeError(_reason(error)) from None
    return _texts(records)


def _texts(records: Iterator[dict[str, object]]) -> Iterator[str | DecodeError]:
    while True:
        try:
            record = next(records)
        except (StopIteration, KeyboardInterrupt, SystemExit) as end:
            if isinstance(end, StopIteration):
                return
            raise
        except BaseException as error:  # a panic of the library is no Exception
            yield DecodeError(_reason(error))
        else:
            yield str(record.get("data", ""))


def _reason(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return f"cannot be read as .evtx: {words if len(words) <= 120 else words[:117] + '...'}"
