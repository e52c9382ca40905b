"""Hosts as a plain list: one name a line, or several with commas or blanks between."""

from __future__ import annotations

from psrebind.errors import InventoryError
from psrebind.fleet.inventory.builder import InventoryBuilder
from psrebind.fleet.inventory.model import Location
from psrebind.fleet.inventory.text import lines_of, words_of


def read_list(text: str, builder: InventoryBuilder) -> None:
    """Tell the builder the names of a list."""
    for number, line in lines_of(text):
        location = Location(builder.file, number)
        words = words_of(line.partition("#")[0])
        for word in words:
            try:
                builder.hosts(word, location, group="ungrouped")
            except InventoryError:
                if len(words) == 1:
                    raise
                # Columns without a header may hold a password: no word of theirs is shown.
                reason = "a word is not the name or the address of a host; columns need a header"
                raise location.error(f"{reason}, such as name,address,user") from None
