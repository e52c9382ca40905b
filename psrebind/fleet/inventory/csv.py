"""Hosts as a CSV file with a header, such as an export of Active Directory."""

from __future__ import annotations

import csv
from dataclasses import replace

from psrebind.fleet.connection_keys import KEYS
from psrebind.fleet.inventory.builder import InventoryBuilder
from psrebind.fleet.inventory.model import Location, Setting
from psrebind.fleet.inventory.text import words_of

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


def is_header(line: str) -> bool:
    """Whether a line is the header of a CSV file: one column names the host."""
    cells = [cell.strip().strip('"').lower() for cell in line.split(_delimiter(line))]
    several = len(cells) > 1 or line.lstrip().startswith('"')
    return several and any(name in cells for name in NAME_COLUMNS)


def read_csv(text: str, builder: InventoryBuilder) -> None:
    """Tell the builder what a CSV file says."""
    lines = text.split("\n")
    # Export-Csv of Windows PowerShell puts "#TYPE …" first.
    said = (at for at, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#")
    start = next(said, None)
    if start is None:
        raise Location(builder.file, 1).error("no header")
    delimiter = _delimiter(lines[start])
    rows = csv.reader((f"{line}\n" for line in lines[start:]), delimiter=delimiter, strict=True)
    at = start + 1
    try:
        header = [cell.strip().lower() for cell in next(rows)]
        if not set(NAME_COLUMNS) & set(header):
            reason = f"no column names the host: one of {', '.join(NAME_COLUMNS)} is needed"
            raise Location(builder.file, at).error(reason)
        keys = [COLUMNS.get(name, name) for name in header if name]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise Location(builder.file, at).error("two columns say the same", key=twice)
        at = start + rows.line_num + 1
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _read_row(builder, header, cells, location=Location(builder.file, at))
            at = start + rows.line_num + 1
    except csv.Error as error:
        raise Location(builder.file, start + rows.line_num).error(f"not CSV: {error}") from error


def _delimiter(header: str) -> str:
    """What stands between the columns; a spreadsheet of half of Europe writes semicolons."""
    return max("\t;,", key=header.count)


def _read_row(
    builder: InventoryBuilder, header: list[str], cells: list[str], *, location: Location
) -> None:
    if len(cells) > len(header):
        raise location.error(f"{len(cells)} cells under {len(header)} columns")
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    name = next((row[column] for column in NAME_COLUMNS if row.get(column)), None)
    if name is None:
        raise location.error("no name of a host in this row")
    groups = [word for column in GROUP_COLUMNS for word in words_of(row.get(column, ""))]
    hosts: tuple[str, ...] = ()
    for group in groups or ["ungrouped"]:
        hosts = builder.hosts(name, location, group=builder.group(group, location))
    for column, cell in row.items():
        key = COLUMNS.get(column, column)
        if cell and key in KEYS:
            here = location if key == column else replace(location, word=column)
            builder.host_variable(hosts, key, Setting(cell, here))
