"""Hosts as a CSV file with a header, or as a plain list; and files of names to choose by.

Knows the columns that exports of Active Directory have.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace

from psrebind.errors import InventoryError
from psrebind.fleet.connection_keys import KEYS
from psrebind.fleet.inventory.builder import Draft, lines_of
from psrebind.fleet.inventory.model import Place
from psrebind.fleet.inventory.precedence import Setting

# Columns that name the host; of several in one row the first that is not empty does.
NAME_COLUMNS = ("dnshostname", "host", "hostname", "name", "computername")
GROUP_COLUMNS = ("groups", "group")
# Short names of columns, besides the keys themselves.
COLUMNS = {
    "address": "ansible_host",
    "ipv4address": "ansible_host",
    "port": "ansible_port",
    "user": "ansible_user",
    "password": "ansible_password",
    "connection": "ansible_connection",
}
_BETWEEN = re.compile(r"[\s;,|]+")


def delimiter(header: str) -> str:
    """What stands between the columns; a spreadsheet of half of Europe writes semicolons."""
    return max("\t;,", key=header.count)


def is_header(line: str) -> bool:
    """Whether a line is the header of a CSV file: one column names the host."""
    cells = [cell.strip().strip('"').lower() for cell in line.split(delimiter(line))]
    several = len(cells) > 1 or line.lstrip().startswith('"')
    return several and any(name in cells for name in NAME_COLUMNS)


def read_csv(text: str, draft: Draft) -> None:
    """Tell the draft what a CSV file says."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if not _is_before_header(line)), None)
    if start is None:
        raise Place(draft.file, 1).error("no header")
    split = delimiter(lines[start])
    rows = csv.reader((f"{line}\n" for line in lines[start:]), delimiter=split, strict=True)
    at = start + 1
    try:
        header = _header(next(rows), Place(draft.file, at))
        at = start + rows.line_num + 1
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _read_row(draft, header, cells, place=Place(draft.file, at))
            at = start + rows.line_num + 1
    except csv.Error as error:
        raise Place(draft.file, start + rows.line_num).error(f"not CSV: {error}") from error


def read_list(text: str, draft: Draft) -> None:
    """Tell the draft the names of a plain list: one a line, or several with commas or blanks."""
    for number, line in lines_of(text):
        place = Place(draft.file, number)
        found = [word for word in _BETWEEN.split(line.partition("#")[0]) if word]
        for word in found:
            try:
                draft.hosts(word, place, group="ungrouped")
            except InventoryError:
                if len(found) == 1:
                    raise
                # Columns without a header may hold a password: no word of theirs is shown.
                reason = "a word is not the name or the address of a host; columns need a header"
                raise place.error(f"{reason}, such as name,address,user") from None


def words(text: str, file: str) -> Iterator[tuple[str, Place]]:
    """The words of a plain list, each with its place; `#` begins a comment."""
    for number, line in lines_of(text):
        for word in _BETWEEN.split(line.partition("#")[0]):
            if word:
                yield word, Place(file, number)


def _is_before_header(line: str) -> bool:
    # Export-Csv of Windows PowerShell puts "#TYPE …" first.
    return not line.strip() or line.lstrip().startswith("#")


def _header(cells: list[str], place: Place) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    if not set(NAME_COLUMNS) & set(header):
        raise place.error(f"no column names the host: one of {', '.join(NAME_COLUMNS)} is needed")
    keys = [COLUMNS.get(name, name) for name in header if name]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise place.error("two columns say the same", key=twice)
    return header


def _read_row(draft: Draft, header: list[str], cells: list[str], *, place: Place) -> None:
    if len(cells) > len(header):
        raise place.error(f"{len(cells)} cells under {len(header)} columns")
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    name = next((row[column] for column in NAME_COLUMNS if row.get(column)), None)
    if name is None:
        raise place.error("no name of a host in this row")
    groups = [word for column in GROUP_COLUMNS for word in _BETWEEN.split(row.get(column, ""))]
    hosts: tuple[str, ...] = ()
    for group in [word for word in groups if word] or ["ungrouped"]:
        hosts = draft.hosts(name, place, group=draft.group(group, place))
    for column, cell in row.items():
        key = COLUMNS.get(column, column)
        if cell and key in KEYS:
            here = place if key == column else replace(place, word=column)
            draft.host_variable(hosts, key, Setting(cell, here))
