"""From a path, or standard input, to an Inventory: reads bytes, tells the format, calls its reader.

The only part of the inventory that touches files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

from psrebind.errors import InventoryError
from psrebind.fleet.inventory.builder import Draft, lines_of
from psrebind.fleet.inventory.csv import is_header, read_csv, read_list
from psrebind.fleet.inventory.folders import beside
from psrebind.fleet.inventory.ini import read_ini
from psrebind.fleet.inventory.model import COMMAND, Inventory, Place

Format = Literal["yaml", "ini", "csv", "list"]

LARGEST = 64_000_000
STDIN = "-"
STDIN_NAME = "standard input"
# A range, web[01:20], stands after something; a section begins its line.
_SECTION_OR_VALUE = re.compile(r"\A\[[^\]:]+(:\w+)?\]\s*(#.*)?\Z|=")


def _read_yaml(text: str, draft: Draft) -> None:
    from psrebind.fleet.inventory.yaml import read_yaml  # PyYAML, which --help need not pay for

    read_yaml(text, draft)


_READERS: dict[Format, Callable[[str, Draft], None]] = {
    "yaml": _read_yaml,
    "ini": read_ini,
    "csv": read_csv,
    "list": read_list,
}
_ENDINGS: dict[str, Format] = {
    ".yml": "yaml",
    ".yaml": "yaml",
    ".json": "yaml",
    ".ini": "ini",
    ".csv": "csv",
    ".tsv": "csv",
}
_YAML_KEY = re.compile(r"""(["']?)[\w .-]+\1\s*:(\s|\Z)""")


def read_inventory(source: str | Path, *, stdin: BinaryIO | None = None) -> Inventory:
    """Read a file, or standard input for ``-``; InventoryError says file and line."""
    if str(source) == STDIN:
        stream = stdin or sys.stdin.buffer
        return parse_inventory(_decoded(stream.read(LARGEST + 1), STDIN_NAME), file=STDIN_NAME)
    path = Path(source)
    return parse_inventory(read_text(path), file=str(path), folder=path.parent)


def parse_inventory(text: str, *, file: str, folder: Path | None = None) -> Inventory:
    """Read the text of an inventory; the folder is where group_vars and host_vars may lie."""
    draft = Draft(file)
    _READERS[format_of(text, file)](text, draft)
    try:
        groups = beside(folder / "group_vars" if folder else None, draft, read=read_text)
        hosts = beside(folder / "host_vars" if folder else None, draft, read=read_text)
        inventory = draft.finish(groups, hosts)
    except OSError as error:
        raise InventoryError(f"cannot be read: {error.strerror}", file=error.filename) from error
    if not inventory.hosts:
        raise Place(file).error("no hosts in it")
    return inventory


def format_of(text: str, file: str) -> Format:
    """The format by the file's ending, else by its first line that says something."""
    _refuse_programs(text, file)
    if ending := _ENDINGS.get(Path(file).suffix.lower()):
        return ending
    lines = [line for _, line in lines_of(text)]
    first = lines[0] if lines else ""
    if first.startswith(("---", "%YAML", "{")) or _YAML_KEY.match(first):
        return "yaml"
    if is_header(first):
        return "csv"
    return "ini" if any(_SECTION_OR_VALUE.search(line) for line in lines) else "list"


def read_text(path: Path) -> str:
    """The text of a file of the inventory, UTF-8 or what Windows PowerShell's ``>`` writes."""
    if path.is_dir():
        raise InventoryError("a folder: name one file in it", file=str(path))
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InventoryError(f"cannot be read: {reason}", file=str(path)) from error
    text = _decoded(data, str(path))
    if text.startswith("$ANSIBLE_VAULT"):
        advice = "psrebind cannot open it; move it away and use PSREBIND_PASSWORD"
        raise Place(str(path), 1).error(f"the file is encrypted by ansible-vault: {advice}")
    return text


def _decoded(data: bytes, file: str) -> str:
    if len(data) > LARGEST:
        raise InventoryError(f"larger than {LARGEST // 1_000_000} MB", file=file)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Place(file, line).error("not UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_programs(text: str, file: str) -> None:
    if text.startswith("#!"):
        advice = f"psrebind runs none; give it what this prints: {COMMAND} -i {Path(file).name}"
        raise Place(file, 1).error(f"a program: {advice}")
