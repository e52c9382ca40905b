"""A rendered script: what every session can be asked to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from psrebind.model import Secret


@dataclass(frozen=True)
class Script:
    """ASCII text that stands alone, and the secrets that travel beside it as SecureStrings.

    ``sources`` names, for each line of the text, the template and line that it came from. A script
    that ``changes`` its host is not stopped in its middle; one that only ``reads`` may be sent
    again.
    """

    text: str
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    sources: tuple[str, ...] = field(default=(), repr=False)
    changes: bool = False
    reads: bool = False

    def place(self, line: int) -> str:
        """Name the template and its line behind a line of the text (counted from 1)."""
        return self.sources[line - 1] if 0 < line <= len(self.sources) else ""
