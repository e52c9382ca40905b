"""A password in the wrong place: the error names file, line and key, and says what to do."""

from __future__ import annotations

import pytest
from fleet.inventories import inventory_of

from psrebind.errors import InventoryError
from psrebind.fleet.connection_vars import connection
from psrebind.model import Secret

KEY = "ansible_password"
LISTING = f'''{{"all": {{"hosts": ["w"]}}, "_meta": {{"hostvars": {{"w": {{
"{KEY}": ?}}}}}}}}'''
# Each spells a secret of three words, wholly or in part, somewhere a reader stumbles over it.
STUMBLES = {
    "blanks": ("a.ini", f"# hosts\nweb01 {KEY}=Correct horse battery\n", 2, KEY, "quotes"),
    "no equals": ("a.ini", f"web01 {KEY} Correct-horse\n", 1, KEY, "quotes"),
    "only a value": ("a.ini", "web01 Correct-horse\n", 1, None, "name=value"),
    "no equals below vars": ("a.ini", f"[web:vars]\n{KEY} Correct-horse\n", 2, KEY, "= is missing"),
    "YAML below vars": ("a.ini", f"[web:vars]\n{KEY}: Correct-horse\n", 2, KEY, "= is missing"),
    "without vars": ("a.ini", f"[web]\n{KEY}=Correct-horse\n", 2, KEY, "[group:vars]"),
    "below children": ("a.ini", f"[web:children]\n{KEY}=Correct-horse\n", 2, KEY, "[group:vars]"),
    "two below children": ("a.ini", f"[web:children]\n{KEY}=Correct horse\n", 2, KEY, "group"),
    "in brackets": ("a.ini", "[Correct horse]\n", 1, None, "no section"),
    "open quote": ("a.ini", f"web01 {KEY}='Correct horse\n", 1, None, "quotation"),
    "typed": ("a.yml", f"all:\n  vars:\n    {KEY}: !!int Correct-horse\n", 3, KEY, "quotes"),
    "a tag": ("a.yml", f"all:\n  vars:\n    {KEY}: !Correct-horse\n", 3, KEY, "quotes"),
    "a tag's handle": ("a.yml", f"all:\n  vars:\n    {KEY}: !Correct!horse\n", 3, None, "not YAML"),
    "an alias": ("a.yml", f"all:\n  vars:\n    {KEY}: *Correct-horse\n", 3, KEY, "quotes"),
    "a colon": ("a.yml", f"all:\n  vars:\n    {KEY}: Correct: horse\n", 3, None, "not YAML"),
    "a percent sign": ("a.yml", f"all:\n  vars:\n    {KEY}: %Correct-horse\n", 3, None, "not YAML"),
    "a table": ("a.yml", f"all:\n  vars:\n    {KEY}: {{Correct: horse}}\n", 3, KEY, "one value"),
    "JSON cut off": ("a.json", f'{{"_meta": {{\n"{KEY}": "Correct', 2, None, "not JSON"),
    "a table in JSON": (
        "a.json",
        LISTING.replace("?", '{"Correct": "horse"}'),
        2,
        KEY,
        "one value",
    ),
    "a word in JSON": ("a.json", LISTING.replace("?", "Correct"), 2, None, "not JSON"),
    "no header": ("a.txt", "web01,10.0.0.1,admin,Correct/horse\n", 1, None, "header"),
    "a slipped column": (
        "a.csv",
        "host,port\nweb01,Correct-horse\n",
        2,
        "port",
        "1 to 65535",
    ),
    "in the address": (
        "a.csv",
        "host,address\nweb01,Correct/horse\n",
        2,
        "address",
        "address",
    ),
}


@pytest.mark.parametrize(("file", "text", "line", "key", "words"), STUMBLES.values(), ids=STUMBLES)
def test_no_text_of_a_value_is_shown(
    file: str, text: str, line: int, key: str | None, words: str
) -> None:
    """Whatever is wrong with a value, nobody reads it in the error."""
    with pytest.raises(InventoryError) as caught:
        connection(inventory_of(text, file).hosts[0])
    error = caught.value
    assert (error.file, error.line, error.key) == (file, line, key)
    assert words in str(error)
    assert not any(piece in str(error).lower() for piece in ("correct", "horse", "battery"))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("a.csv", "name,address,user,password\nw,10.0.0.1,admin,horse\n", "2: the column password"),
        ("a.ini", f"w\n[all:vars]\nansible_user=admin\n{KEY}=horse\n", f"4: {KEY}"),
        ("a.json", LISTING.replace("?", '"horse", "ansible_user": "admin"'), f"2: {KEY}"),
    ],
)
def test_a_password_is_taken_with_a_warning(file: str, text: str, said: str) -> None:
    """It is accepted with a notice of its line, and printing the inventory does not print it."""
    inventory = inventory_of(text, file)
    assert [str(one) for one in inventory.notices] == [f"{file}:{said} holds a password in clear"]
    found = connection(inventory.hosts[0]).password
    assert isinstance(found, Secret)
    assert found.reveal() == "horse"
    assert "horse" not in repr(inventory)


@pytest.mark.parametrize(
    ("file", "lines", "said"),
    [
        (
            "a.csv",
            ["name,Password", *(f"web0{each},Correct" for each in range(5))],
            "a.csv:2: the column password holds passwords in clear, here and in 4 more lines",
        ),
        (
            "a.ini",
            [f"web0{each} {KEY}=Correct" for each in range(5)],
            f"a.ini:1: {KEY} holds passwords in clear, here and in 4 more lines",
        ),
    ],
)
def test_many_passwords_are_one_warning(file: str, lines: list[str], said: str) -> None:
    """A warning for a file is read; one for each of its lines is not."""
    inventory = inventory_of("\n".join([*lines, ""]), file)
    assert [str(one) for one in inventory.notices] == [said]
    assert len(inventory.hosts) == 5
