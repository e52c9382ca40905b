"""The folders group_vars and host_vars beside an inventory file.

Looks for files as Ansible does: for a group `web`, the first of `web` (a file, or a folder of
files), `web.yml`, `web.yaml`, `web.json`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from psrebind.fleet.inventory.builder import Draft
from psrebind.fleet.inventory.precedence import Beside, Settings

EXTENSIONS = ("", ".yml", ".yaml", ".json")
DEEPEST_FOLDER = 5

Read = Callable[[Path], str]


def beside(folder: Path | None, draft: Draft, *, read: Read) -> Beside:
    """A function from a name to the variables that the folder has for it."""
    files: dict[str, Path] = {}
    if folder is not None and folder.is_dir():
        files = {path.name: path for path in sorted(folder.iterdir())}

    def settings(name: str) -> Settings:
        path = next((files[name + end] for end in EXTENSIONS if name + end in files), None)
        if path is None:
            return {}
        from psrebind.fleet.inventory.yaml import read_variables  # PyYAML, only where it is needed

        found: Settings = {}
        for file in _files(path, DEEPEST_FOLDER):
            found |= read_variables(read(file), draft, file=str(file))
        return found

    return settings


def _files(path: Path, depth: int) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = []
    for item in sorted(path.iterdir()):
        hidden = item.name.startswith(".") or item.name.endswith("~")
        if hidden or item.suffix not in EXTENSIONS or not depth:
            continue
        if not item.is_dir():
            found.append(item)
        elif not item.suffix:
            found += _files(item, depth - 1)
    return found
