"""Messages for a person, on stderr; what a host said is made harmless."""

from __future__ import annotations

import sys

from psrebind.cli.output.appearance import Word, color_word
from psrebind.text import visible


def tell(*parts: str) -> None:
    """Print one message for a person to stderr; a part that is a word may have its colour."""
    said = "".join(
        color_word(one, sys.stderr) if isinstance(one, Word) else visible(one, keep="\n")
        for one in parts
    )
    # In one piece: many hosts' messages come from as many threads.
    sys.stderr.write(f"psrebind: {said}\n")
    sys.stderr.flush()
