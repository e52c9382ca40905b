"""Folders that nobody but the user may look into, whatever the umask."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder and all that are missing above it, each open to the user alone.

    What is there stays as it is. Raises OSError as ``Path.mkdir`` does.
    """
    # mkdir's own mode is for the last folder only: those above it get the umask's.
    for missing in [one for one in reversed(folder.parents) if not one.exists()]:
        missing.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
