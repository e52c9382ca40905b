"""The text of an inventory's files, and its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from psrebind.errors import InventoryError
from psrebind.fleet.inventory.model import Location

LARGEST = 64_000_000
_BETWEEN_WORDS = re.compile(r"[\s;,|]+")


def read_text(path: Path) -> str:
    """The text of a file of the inventory."""
    if path.is_dir():
        raise InventoryError("a folder: name one file in it", file=str(path))
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InventoryError(f"cannot be read: {reason}", file=str(path)) from error
    text = decode(data, str(path))
    if text.startswith("$ANSIBLE_VAULT"):
        advice = "psrebind cannot open it; move it away and use PSREBIND_PASSWORD"
        raise Location(str(path), 1).error(f"the file is encrypted by ansible-vault: {advice}")
    return text


def decode(data: bytes, file: str) -> str:
    """The text of bytes that are UTF-8 or what Windows PowerShell's ``>`` writes."""
    if len(data) > LARGEST:
        raise InventoryError(f"larger than {LARGEST // 1_000_000} MB", file=file)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Location(file, line).error("not UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that say something, stripped, with their numbers."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and stripped[0] not in "#;":
            yield number, stripped


def words_of(text: str) -> list[str]:
    """The words of a text, between blanks, commas and semicolons."""
    return [word for word in _BETWEEN_WORDS.split(text) if word]
