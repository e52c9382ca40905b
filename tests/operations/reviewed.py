"""The scripts that are kept for review: of each operation what rendering makes of its own lines.

The frame and the shared pieces hold no values of an operation: they stand in a script as in their
templates, where they are read.
"""

from __future__ import annotations

from itertools import dropwhile, takewhile
from pathlib import Path

from psrebind.script import Script
from psrebind.templates import SUFFIX

TEMPLATES = Path(__file__).parents[2] / "ps_templates"
RENDERED = Path(__file__).parent / "rendered"
# The frame's own assignments; a script that is kept begins with them.
VALUES = ("$Changing = ", "$Reading = ", "$Steps = ")
PIECE = "# includes "


def own_lines(script: Script) -> str:
    """What is kept of a script: the frame's values, the pieces by name, and the operation."""
    kept = []
    for line, source in zip(script.text.splitlines(), script.sources, strict=True):
        template, _, number = source.partition(":")
        if template == "_envelope":
            kept += [line] if line.startswith(VALUES) else []
        elif template == "_body" or not template.startswith("_"):
            kept.append(line)
        elif number == "1":
            kept.append(f"{PIECE}{template}")
    return "".join(f"{line}\n" for line in kept)


def whole_script(kept: str) -> str:
    """The script that a host gets, from what is kept of it and the templates."""
    lines = kept.splitlines(keepends=True)
    values, rest = lines[: len(VALUES)], lines[len(VALUES) :]
    text = _template("_envelope")
    for line in values:
        variable = line.partition(" = ")[0]
        text = _put(text, f"{variable} = {{{{ {variable[1:].lower()} }}}}\n", line)
    pieces = takewhile(_is_piece, rest)
    library = "".join(_template(line.removeprefix(PIECE).strip()) for line in pieces)
    text = _put(text, "{{ library }}\n", library)
    return _put(text, "{{ bodies }}\n", "".join(dropwhile(_is_piece, rest)))


def _is_piece(line: str) -> bool:
    return line.startswith(PIECE)


def _template(name: str) -> str:
    return (TEMPLATES / f"{name}{SUFFIX}").read_text("ascii")


def _put(text: str, slot: str, lines: str) -> str:
    assert text.count(slot) == 1, slot
    return text.replace(slot, lines)
