"""The file of an inventory, or standard input: its form, its reader, and the folders beside it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from psrebind.errors import InventoryError
from psrebind.fleet.inventory.builder import InventoryBuilder
from psrebind.fleet.inventory.csv import is_header, read_csv
from psrebind.fleet.inventory.ini import read_ini
from psrebind.fleet.inventory.json import is_listing, read_json
from psrebind.fleet.inventory.list import read_list
from psrebind.fleet.inventory.model import COMMAND, Inventory, Location, Setting, Settings
from psrebind.fleet.inventory.precedence import FolderSettings
from psrebind.fleet.inventory.text import LARGEST, decode, lines_of, read_text
from psrebind.fleet.inventory.yaml import read_variables, read_yaml

Reader = Callable[[str, InventoryBuilder], None]

STDIN = "-"
STDIN_NAME = "standard input"
# What group_vars and host_vars have for a name: a folder or a file, the first of these endings.
VARIABLE_ENDINGS = ("", ".yml", ".yaml", ".json")
DEEPEST_FOLDER = 5
# A range, web[01:20], stands after something; a section begins its line.
_SECTION_OR_VALUE = re.compile(r"\A\[[^\]:]+(:\w+)?\]\s*(#.*)?\Z|=")
_YAML_KEY = re.compile(r"""(["']?)[\w .-]+\1\s*:(\s|\Z)""")
_ENDINGS: dict[str, Reader] = {
    ".yml": read_yaml,
    ".yaml": read_yaml,
    ".json": read_yaml,
    ".ini": read_ini,
    ".csv": read_csv,
    ".tsv": read_csv,
}


def read_inventory(source: str | Path, *, stdin: BinaryIO | None = None) -> Inventory:
    """Read a file, or standard input for ``-``; InventoryError says file and line."""
    if str(source) == STDIN:
        stream = stdin or sys.stdin.buffer
        return parse_inventory(decode(stream.read(LARGEST + 1), STDIN_NAME), file=STDIN_NAME)
    path = Path(source)
    return parse_inventory(read_text(path), file=str(path), folder=path.parent)


def parse_inventory(text: str, *, file: str, folder: Path | None = None) -> Inventory:
    """Read the text of an inventory; the folder is where group_vars and host_vars may lie."""
    builder = InventoryBuilder(file)
    reader_of(text, file)(text, builder)
    try:
        groups = _folder_settings(folder / "group_vars" if folder else None, builder)
        hosts = _folder_settings(folder / "host_vars" if folder else None, builder)
        inventory = builder.finish(groups, hosts)
    except OSError as error:
        raise InventoryError(f"cannot be read: {error.strerror}", file=error.filename) from error
    if not inventory.hosts:
        raise Location(file).error("no hosts in it")
    return inventory


def reader_of(text: str, file: str) -> Reader:
    """The reader by the file's ending, else by its first line that says something."""
    if text.startswith("#!"):
        advice = f"psrebind runs none; give it what this prints: {COMMAND} -i {Path(file).name}"
        raise Location(file, 1).error(f"a program: {advice}")
    if is_listing(text):
        return read_json
    if ending := _ENDINGS.get(Path(file).suffix.lower()):
        return ending
    lines = [line for _, line in lines_of(text)]
    first = lines[0] if lines else ""
    if first.startswith(("---", "%YAML", "{")) or _YAML_KEY.match(first):
        return read_yaml
    if is_header(first):
        return read_csv
    return read_ini if any(_SECTION_OR_VALUE.search(line) for line in lines) else read_list


def _folder_settings(folder: Path | None, builder: InventoryBuilder) -> FolderSettings:
    """A function from the name of a group or host to the variables that the folder has for it."""
    files: dict[str, Path] = {}
    if folder is not None and folder.is_dir():
        files = {path.name: path for path in sorted(folder.iterdir())}

    def settings(name: str) -> Settings:
        found: dict[str, Setting] = {}
        named = [files[name + end] for end in VARIABLE_ENDINGS if name + end in files]
        for file in _files_in(named[0]) if named else ():
            found |= read_variables(read_text(file), builder, file=str(file))
        return found

    return settings


def _files_in(path: Path, depth: int = DEEPEST_FOLDER) -> Iterator[Path]:
    """A file itself; of a folder all files that Ansible reads."""
    if not path.is_dir():
        yield path
        return
    for item in sorted(path.iterdir()):
        hidden = item.name.startswith(".") or item.name.endswith("~")
        if not hidden and item.suffix in VARIABLE_ENDINGS and depth:
            if not item.is_dir():
                yield item
            elif not item.suffix:
                yield from _files_in(item, depth - 1)
