"""PSRP's serializer with a memory: the hosts of a fleet get the same script, escaped once."""

from __future__ import annotations

from functools import lru_cache

from pypsrp.powershell import RunspacePool
from pypsrp.serializer import Serializer

# pypsrp escapes every line's end by a function of its own: a twelfth of the client's time.
_LONG = 2000
_MOST_KEPT = 8


class ScriptSerializer(Serializer):
    """Keeps the escaped form of the last long texts; secrets are encrypted elsewhere."""

    def _serialize_string(self, value: str | None) -> str | None:
        if value is None or len(value) < _LONG:
            return super()._serialize_string(value)
        return _escape(value)


@lru_cache(_MOST_KEPT)
def _escape(text: str) -> str | None:
    return Serializer()._serialize_string(text)


def remember_scripts(pool: RunspacePool) -> None:
    """Let the pool escape a script once for all hosts; before anything is sent."""
    pool._serializer = ScriptSerializer()
